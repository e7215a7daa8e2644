package config_test

import (
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

func location(t testing.TB, text string) locate.Location {
	t.Helper()
	var l locate.Location
	if err := l.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return l
}

// newConfig returns a minimal valid configuration made in Go.
func newConfig(t testing.TB) *config.Config {
	t.Helper()
	backend, err := config.ParseBaseURL("http://127.0.0.1:9000")
	if err != nil {
		t.Fatal(err)
	}
	c := config.Default()
	c.Listen = "127.0.0.1:8080"
	c.Backend = backend
	c.Rules = []config.Rule{{Match: "POST /login", Tokens: []locate.Location{location(t, "json:token")}}}
	c.Verify.Secret = config.NewSecret("hunter2")
	c.Documents.File = "users.json"
	c.Documents.UserIDField = "id"
	return c
}

func TestValidate_CompletesAConfigurationMadeInGo(t *testing.T) {
	c := newConfig(t)
	c.OnFailure = config.Refuse
	c.Restore.Mode = ""
	c.Triggers = []config.Trigger{{Name: "t", Operation: config.Login, Function: "f"}}
	c.Documents.File, c.Functions.Dir = "", "functions"
	c.Documents.MongoDB.URI = config.NewSecret("mongodb://db")
	c.Documents.MongoDB.Database, c.Documents.MongoDB.Collection = "app", "users"
	for range 2 { // the second call has nothing to complete
		if err := c.Validate(); err != nil {
			t.Fatalf("Validate() = %v, want nil", err)
		}
		if rule := c.Rules[0]; rule.Refresh != config.RefreshAuto || rule.Errors != config.ErrorsOAuth || rule.OnFailure != config.Refuse {
			t.Errorf("rule = %+v, want refresh auto, errors oauth, on_failure refuse", rule)
		}
		if c.Restore.Mode != config.Auto {
			t.Errorf("restore = %q, want auto", c.Restore.Mode)
		}
		if got, want := c.Triggers[0].Timeout, 2*time.Second; got != want {
			t.Errorf("timeout of the trigger = %v, want %v", got, want)
		}
	}
}

func TestValidate_ReportsTheFaultsOfAFile(t *testing.T) {
	for _, tt := range []struct {
		name string
		edit func(*config.Config)
		want string
	}{
		{"required", func(c *config.Config) { c.Listen = "" }, "listen: is required; set it to host:port"},
		{"required section", func(c *config.Config) { c.Documents = config.Default().Documents },
			"documents: is required; set it to a mapping with the settings mongodb, file, user_id_claim, user_id_field, user_id_type"},
		{"required in a section", func(c *config.Config) { c.TLS.CertFile = "cert.pem" }, "tls.key_file: is required; set it to a path"},
		{"required in a rule", func(c *config.Config) { c.Rules[0].Tokens = nil },
			"rules[0].tokens: is required; set it to a list (each item: a location like json:access_token), or set restore"},
		{"gate of a rule for requests only", func(c *config.Config) {
			c.Rules[0] = config.Rule{Match: "/events", Restore: []locate.Location{locate.MustParse("query:token")}, Gate: true}
		}, "rules[0].gate: has no effect without tokens"},
		{"wrong text", func(c *config.Config) { c.Listen = "8080" }, "listen: must be host:port, like 127.0.0.1:8080 or :8080"},
		{"wrong text where off is allowed", func(c *config.Config) { c.Admin = "9901" }, "admin: must be host:port, like 127.0.0.1:8080 or :8080, or off"},
		{"struct", func(c *config.Config) { c.PublicURL = config.BaseURL{Scheme: "ftp", Host: "a"} },
			"public_url: must be a URL like http://127.0.0.1:9000, without user, path or query"},
		{"word", func(c *config.Config) { c.Claim.Format = "bson" }, `claim.format: "bson" is unknown; use plain, relaxed, canonical or app-services`},
		{"word in a list", func(c *config.Config) { c.Claim.Kinds = []config.TokenKind{"access", "refresh"} }, `claim.kinds[1]: "refresh" is unknown; use access or id`},
		{"empty element", func(c *config.Config) { c.Verify.Audience = []string{""} }, "verify.audience[0]: is empty; set it to text"},
		{"negative", func(c *config.Config) { c.Cache.MaxAge = -time.Second }, "cache.max_age: must not be negative; use a duration like 30s, or 0s"},
		{"zero", func(c *config.Config) { c.Timeouts.Dial = 0 }, "timeouts.dial: must be greater than zero"},
		{"impossible combination", func(c *config.Config) { c.Verify.SecretFile = "secret" }, "verify.secret_file: cannot be combined with verify.secret; remove one of them"},
		{"encoding of no secret", func(c *config.Config) {
			c.Verify, c.Sign.Keys = config.Verify{PublicKey: "key.pem", SecretEncoding: config.Base64Secret}, "keys"
		}, "verify.secret_encoding: has no effect without verify.secret or verify.secret_file; set one of them, or remove it"},
		{"patterns", func(c *config.Config) { c.Rules = append(c.Rules, c.Rules[0]) },
			"rules[1].match: conflicts with rules[0].match: both are the same; write one rule with the tokens of both"},
		{"preset", func(c *config.Config) { c.Preset.Name = "cobol" }, `preset.name: "cobol" is unknown`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newConfig(t)
			tt.edit(c)
			err := c.Validate()
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("Validate() = %v\nwant one fault that starts with %s", err, tt.want)
			}
		})
	}
}

// A configuration that Load accepts is also valid if the same fields are set in Go,
// and Validate does not change it.
func TestValidate_AcceptsWhatLoadAccepts(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	exceptions := []string{
		"secret-files.txtar", "hooks.txtar", // their secrets have been read already
		"preset-over.txtar", // sets a default, which the preset overrides in Go
	}
	compared := 0
	for _, name := range archives {
		loaded, err := load(t, open(t, name))
		if err != nil || slices.Contains(exceptions, filepath.Base(name)) {
			continue
		}
		compared++
		c := config.Default()
		for _, field := range reflect.VisibleFields(reflect.TypeFor[config.Config]()) {
			if field.IsExported() {
				reflect.ValueOf(c).Elem().FieldByIndex(field.Index).Set(reflect.ValueOf(loaded).Elem().FieldByIndex(field.Index))
			}
		}
		if err := c.Validate(); err != nil {
			t.Errorf("%s: Validate() = %v, want nil", name, err)
		}
		if got, want := dump(c), dump(loaded); !slices.Equal(got, want) {
			t.Errorf("%s: Validate changed the configuration to\n%q\nwant\n%q", name, got, want)
		}
		if err := loaded.Validate(); err != nil {
			t.Errorf("%s: Validate() of the loaded configuration = %v, want nil", name, err)
		}
	}
	if compared < 9 {
		t.Errorf("compared %d configurations, want at least 9", compared)
	}
}

func TestValidate_AppliesThePreset(t *testing.T) {
	c := newConfig(t)
	c.Preset.Name = "app-services"
	c.Claim.Name = "app_data"
	for range 2 {
		if err := c.Validate(); err != nil {
			t.Fatalf("Validate() = %v, want nil", err)
		}
		if c.Claim.Name != "app_data" || c.Claim.Format != config.AppServices || len(c.Deletions) != 1 || len(c.Addresses) != 1 {
			t.Errorf("claim %+v, deletions %q, addresses %v; want the name that was set, and the rest from the preset", c.Claim, c.Deletions, c.Addresses)
		}
		if got, want := len(c.Rules), 7; got != want {
			t.Errorf("%d rules, want %d: the configuration's and the preset's", got, want)
		}
	}
}

func TestValidate_ReplacesThePrefixOfThePreset(t *testing.T) {
	for prefix, want := range map[config.PathPrefix]string{
		"":     "POST /auth/v1/token /auth/v1/.well-known/jwks.json",
		"/":    "POST /token /.well-known/jwks.json",
		"/v1/": "POST /v1/token /v1/.well-known/jwks.json",
	} {
		c := newConfig(t)
		c.Preset = config.Preset{Name: "supabase", Prefix: prefix}
		c.Rules = nil
		if err := c.Validate(); err != nil {
			t.Fatalf("prefix %q: Validate() = %v, want nil", prefix, err)
		}
		if got := c.Rules[0].Match + " " + c.Sign.JWKSPath[0]; got != want {
			t.Errorf("prefix %q: the first rule and the JWKS are at %s, want %s", prefix, got, want)
		}
	}
	c := newConfig(t)
	c.Preset = config.Preset{Name: "supabase", Prefix: "v1"}
	if err := c.Validate(); err == nil || !strings.HasPrefix(err.Error(), "preset.prefix: must be a path like /auth/v1") {
		t.Errorf("prefix v1: Validate() = %v, want a fault of preset.prefix", err)
	}
}

// Every preset can be below another path, and at the root.
func TestPreset_EveryPrefixGivesValidRules(t *testing.T) {
	names, err := filepath.Glob("preset/*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatalf("config/preset has %q (%v), want at least one file", names, err)
	}
	for _, name := range names {
		for _, prefix := range []config.PathPrefix{"/", "/elsewhere", "/a/b"} {
			c := newConfig(t)
			c.Preset = config.Preset{Name: config.PresetName(strings.TrimSuffix(filepath.Base(name), ".yaml")), Prefix: prefix}
			c.Rules, c.Sign.Keys = nil, "keys"
			if err := c.Validate(); err != nil {
				t.Errorf("%s with prefix %s: Validate() = %v, want nil", name, prefix, err)
			}
			if patterns, at := c.PresetPatterns(); len(patterns) != len(c.Rules) || at != strings.TrimRight(string(prefix), "/") {
				t.Errorf("%s with prefix %s: PresetPatterns() = %q, %q; want %d patterns and the prefix", name, prefix, patterns, at, len(c.Rules))
			}
		}
	}
}

func TestValidate_ReadsSecretsFromFiles(t *testing.T) {
	c := newConfig(t)
	c.AdminTokenFile = config.Path(filepath.Join(t.TempDir(), "token"))
	if err := c.Validate(); err == nil || !strings.HasPrefix(err.Error(), "admin_token_file: ") {
		t.Fatalf("Validate() without the file = %v, want a fault of admin_token_file", err)
	}
	if err := os.WriteFile(string(c.AdminTokenFile), []byte("hunter3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := c.Validate(); err != nil || c.AdminToken.Reveal() != "hunter3" {
			t.Fatalf("Validate() = %v, admin_token %q, want hunter3", err, c.AdminToken.Reveal())
		}
	}
}

// Two sidecars can use copies of one configuration.
func TestValidate_OfACopyKeepsSecretsFromFiles(t *testing.T) {
	c := newConfig(t)
	c.AdminTokenFile = config.Path(filepath.Join(t.TempDir(), "token"))
	if err := os.WriteFile(string(c.AdminTokenFile), []byte("hunter3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := c.Validate(); err != nil {
		t.Fatalf("Validate() = %v, want nil", err)
	}
	for range 2 {
		other := *c
		if err := other.Validate(); err != nil || other.AdminToken.Reveal() != "hunter3" {
			t.Fatalf("Validate() of a copy = %v, admin_token %q, want hunter3", err, other.AdminToken.Reveal())
		}
	}
}

func TestValidate_PlacesFaultsOfALoadedConfiguration(t *testing.T) {
	c, err := load(t, open(t, "testdata/minimal.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	c.Backend.Scheme = "ftp"
	if got, want := c.Validate().Error(), file+":2:10: backend: must be a URL"; !strings.HasPrefix(got, want) {
		t.Errorf("Validate() = %s, want %s", got, want)
	}
}

func TestJWKS_IsURLOrFile(t *testing.T) {
	for text, want := range map[string]config.JWKS{
		"jwks.json": {File: "jwks.json"}, "http://127.0.0.1:9000/jwks.json": {URL: "http://127.0.0.1:9000/jwks.json"}, "": {},
	} {
		var got config.JWKS
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want || got.String() != text {
			t.Errorf("UnmarshalText(%q) = %+v, %v, String() = %q; want %+v", text, got, err, got.String(), want)
		}
	}
}

func TestPeers_WordsAreNetworks(t *testing.T) {
	var got config.Peers
	if err := got.UnmarshalText([]byte("loopback")); err != nil {
		t.Fatal(err)
	}
	if want := netip.MustParsePrefix("127.0.0.0/8"); !slices.Contains(got, want) {
		t.Errorf("UnmarshalText(loopback) = %v, want %v among them", got, want)
	}
}
