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

// made returns a configuration made in Go that is right, and about the least.
func made(t testing.TB) *config.Config {
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

func TestValidate_CompletesWhatWasMadeInGo(t *testing.T) {
	c := made(t)
	c.OnFailure = config.Refuse
	c.Restore = ""
	c.Triggers = []config.Trigger{{Name: "t", Operation: config.Login, Function: "f"}}
	c.Documents.File, c.Functions.Dir = "", "functions"
	c.Documents.MongoDB.URI = config.NewSecret("mongodb://db")
	c.Documents.MongoDB.Database, c.Documents.MongoDB.Collection = "app", "users"
	for range 2 { // the second time there is nothing to complete
		if err := c.Validate(); err != nil {
			t.Fatalf("Validate() = %v", err)
		}
		if rule := c.Rules[0]; rule.Refresh != config.RefreshAuto || rule.Errors != config.ErrorsOAuth || rule.OnFailure != config.Refuse {
			t.Errorf("rule = %+v, want refresh auto, errors oauth, on_failure refuse", rule)
		}
		if c.Restore != config.Auto {
			t.Errorf("restore = %q, want auto", c.Restore)
		}
		if got, want := c.Triggers[0].Timeout, 2*time.Second; got != want {
			t.Errorf("timeout of the trigger = %v, want %v", got, want)
		}
	}
}

func TestValidate_ReportsWhatAFileWould(t *testing.T) {
	for _, tt := range []struct {
		name string
		edit func(*config.Config)
		want string
	}{
		{"required", func(c *config.Config) { c.Listen = "" }, "listen: is required, want host:port"},
		{"required section", func(c *config.Config) { c.Documents = config.Default().Documents },
			"documents: is required, want a mapping of mongodb, file, user_id_claim, user_id_field, user_id_type"},
		{"required in a section", func(c *config.Config) { c.TLS.CertFile = "cert.pem" }, "tls.key_file: is required, want a path"},
		{"required in a rule", func(c *config.Config) { c.Rules[0].Tokens = nil },
			"rules[0].tokens: is required, want a list, each a location like json:access_token"},
		{"no text of a type", func(c *config.Config) { c.Listen = "8080" }, "listen: want host:port, like 127.0.0.1:8080 or :8080"},
		{"no text of a type, or off", func(c *config.Config) { c.Admin = "9901" }, "admin: want host:port, like 127.0.0.1:8080 or :8080, or off"},
		{"struct", func(c *config.Config) { c.PublicURL = config.BaseURL{Scheme: "ftp", Host: "a"} },
			"public_url: want a URL like http://127.0.0.1:9000, without user, path or query"},
		{"word", func(c *config.Config) { c.Claim.Format = "bson" }, `claim.format: "bson" is unknown, want plain, relaxed, canonical or app-services`},
		{"word in a list", func(c *config.Config) { c.Claim.Kinds = []config.TokenKind{"access", "refresh"} }, `claim.kinds[1]: "refresh" is unknown, want access or id`},
		{"empty element", func(c *config.Config) { c.Verify.Audience = []string{""} }, "verify.audience[0]: is empty, want text"},
		{"negative", func(c *config.Config) { c.Cache.MaxAge = -time.Second }, "cache.max_age: is negative, want a duration like 30s, or 0s"},
		{"zero", func(c *config.Config) { c.Timeouts.Dial = 0 }, "timeouts.dial: is zero, want more"},
		{"no combination", func(c *config.Config) { c.Verify.SecretFile = "secret" }, "verify.secret_file: cannot be combined with verify.secret"},
		{"patterns", func(c *config.Config) { c.Rules = append(c.Rules, c.Rules[0]) },
			"rules[1].match: conflicts with rules[0].match: a request could match both, and neither is more specific"},
		{"preset", func(c *config.Config) { c.Preset = "cobol" }, `preset: "cobol" is unknown`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := made(t)
			tt.edit(c)
			err := c.Validate()
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("Validate() = %v\nwant %s", err, tt.want)
			}
		})
	}
}

// A configuration that Load takes is right and unchanged when its fields are set
// in Go, too.
func TestValidate_TakesWhatLoadTakes(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	exceptions := []string{
		"secret-files.txtar", "hooks.txtar", // their secrets are read already
		"preset-over.txtar", // sets a default, which in Go gives way to the preset
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
			t.Errorf("%s: Validate() = %v", name, err)
		}
		if got, want := dump(c), dump(loaded); !slices.Equal(got, want) {
			t.Errorf("%s: Validate changed the configuration:\n%q\nwant\n%q", name, got, want)
		}
		if err := loaded.Validate(); err != nil {
			t.Errorf("%s: Validate() of what was loaded = %v", name, err)
		}
	}
	if compared < 9 {
		t.Errorf("compared %d configurations, want 9 and more", compared)
	}
}

func TestValidate_AppliesThePreset(t *testing.T) {
	c := made(t)
	c.Preset = "app-services"
	c.Claim.Name = "app_data"
	for range 2 {
		if err := c.Validate(); err != nil {
			t.Fatalf("Validate() = %v", err)
		}
		if c.Claim.Name != "app_data" || c.Claim.Format != config.AppServices || len(c.Deletions) != 1 || len(c.Addresses) != 1 {
			t.Errorf("claim %+v, deletions %q, addresses %v; want the name that was set, the rest of the preset", c.Claim, c.Deletions, c.Addresses)
		}
		if got, want := len(c.Rules), 5; got != want {
			t.Errorf("%d rules, want %d: ours and the preset's", got, want)
		}
	}
}

func TestValidate_ReadsSecretsOfFiles(t *testing.T) {
	c := made(t)
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

// Two sidecars may be made of one configuration, each of a copy.
func TestValidate_OfACopyLeavesSecretsOfFilesAlone(t *testing.T) {
	c := made(t)
	c.AdminTokenFile = config.Path(filepath.Join(t.TempDir(), "token"))
	if err := os.WriteFile(string(c.AdminTokenFile), []byte("hunter3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := c.Validate(); err != nil {
		t.Fatalf("Validate() = %v", err)
	}
	for range 2 {
		other := *c
		if err := other.Validate(); err != nil || other.AdminToken.Reveal() != "hunter3" {
			t.Fatalf("Validate() of a copy = %v, admin_token %q, want hunter3", err, other.AdminToken.Reveal())
		}
	}
}

func TestValidate_PlacesFaultsOfWhatWasLoaded(t *testing.T) {
	c, err := load(t, open(t, "testdata/minimal.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	c.Backend.Scheme = "ftp"
	if got, want := c.Validate().Error(), file+":2:10: backend: want a URL"; !strings.HasPrefix(got, want) {
		t.Errorf("Validate() = %s, want %s", got, want)
	}
}

func TestJWKS_IsURLOrFile(t *testing.T) {
	for text, want := range map[string]config.JWKS{
		"jwks.json": {File: "jwks.json"}, "http://127.0.0.1:9000/jwks.json": {URL: "http://127.0.0.1:9000/jwks.json"}, "": {},
	} {
		var got config.JWKS
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want || got.String() != text {
			t.Errorf("JWKS of %q = %+v, %v, written %q; want %+v", text, got, err, got, want)
		}
	}
}

func TestPeers_WordsAreNetworks(t *testing.T) {
	var got config.Peers
	if err := got.UnmarshalText([]byte("loopback")); err != nil {
		t.Fatal(err)
	}
	if want := netip.MustParsePrefix("127.0.0.0/8"); !slices.Contains(got, want) {
		t.Errorf("loopback = %v, want %v in it", got, want)
	}
}
