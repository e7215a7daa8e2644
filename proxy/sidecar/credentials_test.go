package sidecar_test

import (
	"encoding/json"
	"net/http/httptest"
	"testing"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/proxy/locate"
	"github.com/tokengraft/tokengraft/proxy/sidecar"
)

// The setting holds for the source of a program too (law H7).
func TestSource_OfAProgramIsGuarded(t *testing.T) {
	const secret = "a secret that the backend shares with us"
	backend := httptest.NewServer(loginService(secret))
	defer backend.Close()
	for _, tt := range []struct {
		credentials config.Credentials
		include     []string
		want        string
	}{
		{"", nil, `u1 {"lang":"en","profile":{}}`},
		{config.DropCredentials, []string{"profile.apiKey"}, `u1 {"lang":"en","profile":{"apiKey":"k"}}`},
		{config.WarnCredentials, nil, `u1 {"lang":"en","profile":{"apiKey":"k"}}`},
	} {
		cfg := config.Default()
		cfg.Backend, _ = config.ParseBaseURL(backend.URL)
		cfg.Rules = []config.Rule{{Match: "POST /login", Tokens: []locate.Location{locate.MustParse("json:access_token")}}}
		cfg.Verify.Secret = config.NewSecret(secret)
		if tt.credentials != "" {
			cfg.Claim.Credentials = tt.credentials
		}
		cfg.Claim.Include = tt.include
		s, err := sidecar.New(cfg, sidecar.Options{Source: documents{"u1": json.RawMessage(`{"lang":"en","profile":{"apiKey":"k"}}`)}})
		if err != nil {
			t.Fatal(err)
		}
		public := httptest.NewServer(s)
		if got := claimsOfLogin(public.URL); got != tt.want {
			t.Errorf("credentials: %q, include: %q: got %s, want %s", tt.credentials, tt.include, got, tt.want)
		}
		public.Close()
		s.Close()
	}
}
