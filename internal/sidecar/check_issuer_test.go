package sidecar_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/internal/sidecar"
)

// With another issuer every token is not_ours, and nothing else says why.
func TestCheckIssuer_WarnsIfItIsNotThatOfDiscovery(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		named   string // by the discovery document
		allowed []string
		warns   bool
	}{
		{"https://auth.example.com/dex", nil, false},
		{"https://auth.example.com/dex", []string{"https://auth.example.com/dex"}, false},
		{"https://auth.example.com/dex", []string{"https://other.example.com", "https://auth.example.com/dex"}, false},
		{"https://auth.example.com/dex", []string{"https://auth.example.com/dex/"}, true},
		{"https://auth.example.com/dex/", []string{"https://auth.example.com/dex"}, true},
		{"https://login.example.com/{tenantid}/v2.0", []string{"https://login.example.com/1/v2.0"}, false},
	} {
		found := issuerWarnings(t, tt.named, tt.allowed)
		if warned := strings.Contains(found, "write "+tt.named+", exactly like this"); warned != tt.warns {
			t.Errorf("discovery names %s, verify.issuer is %q: found\n%s\nwant a warning that says what to write: %t", tt.named, tt.allowed, found, tt.warns)
		}
	}
}

// issuerWarnings returns what check finds about verify.issuer in front of a provider.
func issuerWarnings(t *testing.T, named string, allowed []string) (found string) {
	t.Helper()
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/keys" {
			fmt.Fprint(w, `{"keys":[]}`)
			return
		}
		fmt.Fprintf(w, `{"issuer":%q,"token_endpoint":"https://auth.example.com/token","jwks_uri":"https://auth.example.com/keys"}`, named)
	}))
	t.Cleanup(provider.Close)
	cfg := config.Default()
	cfg.Listen, cfg.OIDC.Enabled, cfg.Verify.Issuer = "127.0.0.1:0", true, allowed
	cfg.Backend, _ = config.ParseBaseURL(provider.URL)
	cfg.Sign.Keys = config.Path(t.TempDir())
	cfg.Documents.File, cfg.Documents.UserIDField = "/dev/null", "id"
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	sidecar.Check(t.Context(), cfg, sidecar.Options{}, func(f sidecar.Finding) {
		if f.At.Path == "verify.issuer" {
			found += f.String() + "\n"
		}
	}, func(string) {})
	return found
}
