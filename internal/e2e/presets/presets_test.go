package presets_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

func TestMain(m *testing.M) { e2e.Main(m) }

// Each answer that issues a token is enriched, and nothing else in it changes. Each place
// where tokens come in is restored. Both hold with every prefix.
func TestPreset_FitsItsBackend(t *testing.T) {
	for preset, own := range prefixes(t) {
		for _, prefix := range []string{own, "/elsewhere", ""} {
			if preset == "spring-authorization-server" {
				continue
			}
			t.Run(fmt.Sprintf("%s with prefix %q", preset, prefix), func(t *testing.T) {
				t.Parallel()
				s := startSite(t, preset, own, prefix)
				var original, enriched string
				for _, x := range exchanges {
					if x.preset == preset {
						original, enriched = s.run(t, x)
					}
				}
				for _, p := range places {
					if p.preset == preset {
						s.restores(t, p, original, enriched)
					}
				}
			})
		}
	}
}

// prefixes returns the prefix of each preset, by its name.
func prefixes(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	files, err := filepath.Glob("../../../config/preset/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("config/preset has the files %q (%v), want at least one", files, err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		_, all[name] = presetConfig(t, name).PresetPatterns()
	}
	return all
}

func presetConfig(t *testing.T, name string) *config.Config {
	t.Helper()
	cfg := config.Default()
	cfg.Listen, cfg.Preset = "127.0.0.1:0", config.Preset{Name: config.PresetName(name)}
	cfg.Backend, _ = config.ParseBaseURL("http://127.0.0.1:1")
	cfg.Verify.Secret, cfg.Sign.Keys = config.NewSecret(enrichtest.Secret), "keys"
	cfg.Documents.File, cfg.Documents.UserIDField = "users.json", "id"
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	return cfg
}

// Every rule of a preset has an exchange or a place.
func TestPreset_EveryRuleIsTested(t *testing.T) {
	for name := range prefixes(t) {
		cfg := presetConfig(t, name)
		mux := http.NewServeMux()
		for _, rule := range cfg.Rules {
			mux.HandleFunc(rule.Match, ignore)
		}
		hits := map[string]bool{}
		hit := func(preset, request string) {
			method, target, _ := split(request)
			r, err := http.NewRequest(method, "http://backend"+target, nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, pattern := mux.Handler(r); preset == name {
				hits[pattern] = true
			}
		}
		for _, x := range exchanges {
			hit(x.preset, x.request)
		}
		for _, p := range places {
			hit(p.preset, p.request)
		}
		for _, rule := range cfg.Rules {
			if !hits[rule.Match] {
				t.Errorf("preset %s: no exchange and no place is for the rule %s: add one in exchanges_test.go", name, rule.Match)
			}
		}
	}
}

func ignore(http.ResponseWriter, *http.Request) {}

// The presets whose exchanges are in other tests.
var testedElsewhere = map[string]string{
	"spring-authorization-server": "TestPreset_OfSpringAuthorizationServerWorksWithoutOpenID",
}

func TestPreset_EachIsTestedAndDocumented(t *testing.T) {
	page := backendsPage(t)
	for name := range prefixes(t) {
		tested := slices.ContainsFunc(exchanges, func(x exchange) bool { return x.preset == name })
		if !tested && testedElsewhere[name] == "" {
			t.Errorf("preset %s has no exchange: add one for each of its rules to exchanges in presets_test.go", name)
		}
		if !strings.Contains(page, "preset: "+name) {
			t.Errorf("docs/backends.md has no section with preset: %s. Add one, and a row with its configuration to pages in page_test.go", name)
		}
	}
}

func TestBackendsPage_EachSectionIsRun(t *testing.T) {
	for _, section := range sectionsWithPreset(backendsPage(t)) {
		if !slices.ContainsFunc(pages, func(p documented) bool { return p.section == section }) {
			t.Errorf("no test runs the configuration in section %q of docs/backends.md. Add a row to pages in page_test.go", section)
		}
	}
}

// Supabase's clients ask for the keys below the prefix, as the gateway shows them.
func TestPreset_OfSupabasePublishesKeysWhereItsClientsAsk(t *testing.T) {
	for _, prefix := range []string{"/auth/v1", ""} {
		t.Run(prefix, func(t *testing.T) {
			t.Parallel()
			issuer, backend := enrichtest.NewIssuer(t, "ES256"), e2e.StartBackend(t)
			path := prefix + "/.well-known/jwks.json"
			backend.Handle("GET "+path, issuer)
			public := start(t, backend, fmt.Sprintf("{name: supabase, prefix: %q}", prefix), fmt.Sprintf("verify: {jwks: %q}\nsign: {keys: %q}", backend.URL+path, t.TempDir()), `{"id":"8a2e"}`)
			e2e.Eventually(t, "the keys of the backend and of the sidecar are at "+path, func() bool {
				return strings.Count(public.Get(t, path), `"kid":`) == 2
			})
		})
	}
}

// By default, Spring Authorization Server has no OpenID configuration. A prefix is the
// context path of the server.
func TestPreset_OfSpringAuthorizationServerWorksWithoutOpenID(t *testing.T) {
	for _, prefix := range []string{"", "/sso"} {
		t.Run(prefix, func(t *testing.T) {
			t.Parallel()
			spring(t, prefix)
		})
	}
}

func spring(t *testing.T, prefix string) {
	issuer, backend := enrichtest.NewIssuer(t, "RS256"), e2e.StartBackend(t)
	at := backend.URL + prefix
	backend.Handle("GET "+prefix+"/.well-known/oauth-authorization-server", e2e.Response{Body: strings.ReplaceAll(`{"issuer":"ISSUER","authorization_endpoint":"ISSUER/oauth2/authorize","token_endpoint":"ISSUER/oauth2/token","token_endpoint_auth_methods_supported":["client_secret_basic"],"jwks_uri":"ISSUER/oauth2/jwks","response_types_supported":["code"],"grant_types_supported":["authorization_code","client_credentials","refresh_token"],"revocation_endpoint":"ISSUER/oauth2/revoke","introspection_endpoint":"ISSUER/oauth2/introspect","code_challenge_methods_supported":["S256"]}`, "ISSUER", at)})
	backend.Handle("GET "+prefix+"/oauth2/jwks", issuer)
	backend.Handle("POST "+prefix+"/oauth2/token", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		now := time.Now().Unix()
		w.Header().Set("Content-Type", "application/json;charset=UTF-8")
		fmt.Fprintf(w, `{"access_token":"%s","refresh_token":"opaque","scope":"read","token_type":"Bearer","expires_in":299}`,
			issuer.Token(fmt.Sprintf(`{"sub":"u1","aud":"app","nbf":%[1]d,"scope":["read"],"iss":%[2]q,"exp":%[3]d,"iat":%[1]d,"jti":"x"}`, now, at, now+300)))
	}))
	public := start(t, backend, fmt.Sprintf("{name: spring-authorization-server, prefix: %q}", prefix), fmt.Sprintf("sign: {keys: %q}", t.TempDir()), `{"id":"u1"}`)
	e2e.Eventually(t, "the metadata is known and the token has the document", func() bool {
		got := public.Ask(t, http.MethodPost, prefix+"/oauth2/token", "")
		return strings.Contains(claimsOf(t, accessTokenIn(got.Body)), `"custom_data":{"id":"u1"}`)
	})
}
