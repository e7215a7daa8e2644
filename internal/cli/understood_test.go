package cli_test

import (
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
)

var update = flag.Bool("update", false, "write the expected output")

// oidcBackend serves a discovery document and keys, and 404 for everything else.
func oidcBackend(t *testing.T) string {
	issuer := enrichtest.NewIssuer(t, "RS256")
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server":
			fmt.Fprintf(w, `{"issuer":"me","jwks_uri":"%[1]s/keys","token_endpoint":"%[1]s/oauth2/token","authorization_endpoint":"%[1]s/oauth2/authorize"}`, server.URL)
		case "/keys":
			issuer.ServeHTTP(w, r)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// understoodOf returns the blocks that check prints about rules, without what differs from
// run to run.
func understoodOf(t *testing.T, backend, settings string) string {
	t.Helper()
	t.Chdir(writeFiles(t, map[string]string{"users.json": "[]", "tokengraft.yaml": "listen: 127.0.0.1:0\nbackend: " + backend + "\n" + settings}))
	_, stdout, stderr := run(t, "check")
	_, blocks, ok := strings.Cut(stdout, "\nrule ")
	if !ok {
		t.Fatalf("check prints no rule:\n%s%s", stdout, stderr)
	}
	blocks = regexp.MustCompile(`(RS256 by) \S+`).ReplaceAllString("rule "+blocks, "$1 KID")
	return strings.ReplaceAll(blocks, backend, "BACKEND")
}

func TestCheck_ShowsWhatEachRuleOfAPresetMeans(t *testing.T) {
	names, err := filepath.Glob("../../config/preset/*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatalf("presets: %v, %v; want some", names, err)
	}
	for _, name := range names {
		preset := strings.TrimSuffix(filepath.Base(name), ".yaml")
		t.Run(preset, func(t *testing.T) {
			golden, err := filepath.Abs(filepath.Join("testdata", "understood", preset+".txt"))
			if err != nil {
				t.Fatal(err)
			}
			verify := "verify: {secret: 0123456789abcdef0123456789abcdef, issuer: me}\n"
			if preset == "spring-authorization-server" {
				verify = "sign: {keys: signing}\n"
			}
			got := understoodOf(t, oidcBackend(t), "preset: "+preset+"\ndocuments: {file: users.json, user_id_field: id}\n"+verify)
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if want, err := os.ReadFile(golden); err != nil || got != string(want) {
				t.Errorf("check of the preset %s prints\n%s\nwant (%v)\n%s", preset, got, err, want)
			}
		})
	}
}

func TestCheck_ShowsWhatEachRuleMeans(t *testing.T) {
	const documents = "documents: {file: users.json, user_id_field: id}\n"
	const secret = "verify: {secret: 0123456789abcdef0123456789abcdef, issuer: me}\n"
	for name, tt := range map[string]struct {
		settings string
		want     []string
		not      string
	}{
		"kinds and sizes": {
			secret + documents + "claim: {max_header_size: 8KiB, max_token_size: 5KiB, kinds: [id]}\nrules: [{match: POST /l, tokens: [json:id_token, header:Authorization, 'cookie:s']}]",
			[]string{
				"json:id_token: id_token, gets the claim, up to 5KiB (claim.max_token_size)",
				"header:Authorization: access token, does not get the claim, header line up to 8KiB (claim.max_header_size)",
				"cookie:s: access token, does not get the claim, header line up to 4KiB (the limit of browsers for a cookie)",
				"the 14 known places (Authorization, cookies, access_token …),", " cookie:s\n",
			}, "",
		},
		"refresh": {
			secret + documents + "rules: [{match: POST /renew, tokens: [body]}, {match: POST /l;refresh, tokens: [body]}, {match: POST /s, tokens: [body], refresh: always}]",
			[]string{
				"refresh   auto: every request without a credential is a refresh, because the path says so: its last segment has refresh or renew in it",
				"refresh   both: ", "refresh   yes: ",
			}, "",
		},
		"policy, gate and origin": {
			secret + documents + "preset: django-simplejwt\nrules: [{match: 'POST /api/token/{$}', tokens: [body], on_failure: refuse, gate: true}]",
			[]string{
				"rule   POST /api/token/{$}\n", "failure   refuse: the client gets 503", "gate      yes: no token leaves unless it was accepted",
				"rule   POST /api/token/refresh/{$} (preset)",
			}, "POST /api/token/{$} (preset)",
		},
		"refresh by a path that is not known": {
			secret + documents + "rules: [{match: 'POST /a/{refresh}', tokens: [body]}, {match: POST /renew/, tokens: [body]}, {match: 'POST /b/{rest...}', tokens: [body]}, {match: PUT /, tokens: [body]}, {match: 'POST /refresh/{$}', tokens: [body]}]",
			[]string{
				"rule   POST /a/{refresh}, POST /renew/, POST /b/{rest...}, PUT /\n", "or else by refresh or renew in the last segment of the path, or by",
				"rule   POST /refresh/{$}\n", "because the path says so",
			}, "",
		},
		"shadow has no gates": {secret + documents + "shadow: true\nrules: [{match: POST /l, tokens: [body], gate: true}]", []string{"rule   POST /l", "       shadow    on: no response changes"}, "gate  "},
		"shadow refuses nothing": {
			secret + documents + "shadow: true\non_failure: refuse\nrules: [{match: POST /l, tokens: [body]}]",
			[]string{"failure   pass: the client gets the backend's response, unchanged"}, "503",
		},
		"the key of the backend": {
			documents + "sign: {backend_key: key.pem}\nrules: [{match: POST /l, tokens: [body]}]",
			[]string{"verify    with the key of sign.backend_key\n", "sign      with the backend's own key (sign.backend_key)\n"}, "",
		},
		"no restore": {secret + documents + "restore: off\nrules: [{match: POST /l, tokens: ['json:t']}]", []string{"all    restore   off: "}, "       restore   json:t"},
		"rules of the discovery document": {
			"oidc: true\nsign: {keys: signing}\n" + documents + "rules: [{match: POST /logout, restore: [json:t]}]",
			[]string{
				"rule   POST /logout\n       tokens    none: it is for requests only", "rule   POST /oauth2/token (discovery document)",
				"verifiers ask this sidecar for keys, at /.well-known/jwks.json or /keys", "sign      with sign.keys: RS256 by KID",
				"verify    with the JWK Set that the discovery document names",
			}, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := understoodOf(t, oidcBackend(t), tt.settings)
			for _, want := range tt.want {
				if !strings.Contains(got, want) {
					t.Errorf("check prints\n%s\nwant %q in it", got, want)
				}
			}
			if tt.not != "" && strings.Contains(got, tt.not) {
				t.Errorf("check prints\n%s\nwant no %q in it", got, tt.not)
			}
		})
	}
}

// Credentials in addresses are not shown.
func TestCheck_ShowsNoCredentials(t *testing.T) {
	path := writeConfig(t, `listen: 127.0.0.1:0
backend: http://127.0.0.1:1
rules: [{match: POST /login, tokens: [body]}]
verify: {jwks: "http://anna:geheim@127.0.0.1:1/keys", issuer: me}
sign: {keys: signing}
documents:
  mongodb: {uri: "mongodb://anna:geheim@127.0.0.1:1/?serverSelectionTimeoutMS=50", database: app, collection: users}
  user_id_field: id
`, nil)
	for _, form := range []string{"text", "json"} {
		_, stdout, _ := run(t, "check", "-c", path, "-o", form)
		_, understood, _ := strings.Cut(stdout, map[string]string{"text": "\nrule ", "json": `"rules"`}[form])
		if !strings.Contains(understood, "http://127.0.0.1:1/keys") || !strings.Contains(understood, "127.0.0.1:1") || strings.Contains(understood, "geheim") || strings.Contains(understood, "anna") {
			t.Errorf("check -o %s prints\n%s\nwant addresses without credentials", form, understood)
		}
		if strings.Contains(stdout, "geheim") {
			t.Errorf("check -o %s prints the password:\n%s", form, stdout)
		}
	}
}
