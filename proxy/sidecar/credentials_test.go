package sidecar_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy/locate"
	"github.com/tokengraft/tokengraft/proxy/sidecar"
)

// The setting holds for the source of a program too, and for a login that the cache answers
// (law H7). The log says it once.
func TestSource_OfAProgramIsGuarded(t *testing.T) {
	const secret = "a secret that the backend shares with us"
	backend := httptest.NewServer(loginService(secret))
	defer backend.Close()
	for _, tt := range []struct {
		credentials config.Credentials
		include     []string
		want        string
		warnings    int
	}{
		{"", nil, `u1 {"lang":"en","profile":{}}`, 1},
		{config.DropCredentials, []string{"profile.apiKey"}, `u1 {"lang":"en","profile":{"apiKey":"k"}}`, 0},
		{config.WarnCredentials, nil, `u1 {"lang":"en","profile":{"apiKey":"k"}}`, 1},
	} {
		cfg := config.Default()
		cfg.Backend, _ = config.ParseBaseURL(backend.URL)
		cfg.Rules = []config.Rule{{Match: "POST /login", Tokens: []locate.Location{locate.MustParse("json:access_token")}}}
		cfg.Verify.Secret = config.NewSecret(secret)
		if tt.credentials != "" {
			cfg.Claim.Credentials = tt.credentials
		}
		cfg.Claim.Include = tt.include
		var log bytes.Buffer
		source := &countedDocuments{documents: documents{"u1": json.RawMessage(`{"lang":"en","profile":{"apiKey":"k"}}`)}}
		s, err := sidecar.New(cfg, sidecar.Options{Source: source, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		if err != nil {
			t.Fatal(err)
		}
		public := httptest.NewServer(s)
		for login := range 2 {
			if got := claimsOfLogin(public.URL); got != tt.want {
				t.Errorf("credentials: %q, include: %q: login %d got %s, want %s", tt.credentials, tt.include, login+1, got, tt.want)
			}
		}
		public.Close()
		s.Close()
		if n := source.lookups.Load(); n != 1 {
			t.Errorf("%d reads for two logins, want one", n)
		}
		if got := strings.Count(log.String(), "field=profile.apiKey"); got != tt.warnings {
			t.Errorf("credentials: %q, include: %q: the log names the field %d times, want %d:\n%s", tt.credentials, tt.include, got, tt.warnings, &log)
		}
	}
}

// countedDocuments counts lookups.
type countedDocuments struct {
	documents
	lookups atomic.Int64
}

func (c *countedDocuments) Lookup(ctx context.Context, q enrich.Query) (enrich.Document, error) {
	c.lookups.Add(1)
	return c.documents.Lookup(ctx, q)
}
