package discover_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/discover"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

func site(pattern, location string) discover.Site {
	return discover.Site{Pattern: pattern, Location: locate.MustParse(location)}
}

func TestFitPresets_NeedAllThatWasSeenAndSomethingTypical(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "HS256")
	for name, tt := range map[string]struct {
		analysis discover.Analysis
		claims   string
		want     string // the best: name prefix active, and what it misses
	}{
		"devise": {
			discover.Analysis{Sites: []discover.Site{site("POST /users/sign_in", "header:Authorization"), site("PUT /users/password", "header:Authorization")}},
			`{"sub":"1","scp":"user","jti":"x"}`, "devise-jwt - true []",
		},
		"devise elsewhere": {
			discover.Analysis{Sites: []discover.Site{site("POST /api/v1/members/sign_in", "header:Authorization")}},
			`{"sub":"1","scp":"user","jti":"x"}`, "devise-jwt /api/v1/members true []",
		},
		"the same paths of another backend": {
			discover.Analysis{Sites: []discover.Site{site("POST /users/sign_in", "header:Authorization")}},
			`{"sub":"1"}`, "devise-jwt - false []",
		},
		"a path that it does not have": {
			discover.Analysis{Sites: []discover.Site{site("POST /users/sign_in", "header:Authorization"), site("POST /kiosk", "json:jwt")}},
			`{"sub":"1","scp":"user","jti":"x"}`, "devise-jwt - false [POST /kiosk is not one of its paths]",
		},
		"a place that it does not look at": {
			discover.Analysis{Sites: []discover.Site{site("POST /api/auth/login", "json:token"), site("POST /api/auth/login", "json:data.jwt")}},
			`{"sub":"1","prv":"x","jti":"x"}`, "laravel-jwt - false [POST /api/auth/login: it does not look at json:data.jwt]",
		},
		"a place in requests": {
			discover.Analysis{
				Sites:    []discover.Site{site("POST /api/token/{$}", "json:access")},
				Restores: []discover.Restore{{Pattern: "GET /me", Location: locate.MustParse("query:jwt"), By: discover.BySetting}, {Pattern: "GET /me", Location: locate.MustParse("header:Authorization"), By: discover.ByDefault}},
			},
			`{"user_id":1,"token_type":"access","jti":"x"}`, "django-simplejwt - false [GET /me: it does not restore query:jwt]",
		},
		"a login that it takes for a refresh": {
			discover.Analysis{
				Sites:     []discover.Site{site("POST /api/auth/register", "json:token"), site("POST /api/auth/login", "json:token")},
				Refreshes: []discover.Refresh{{Pattern: "POST /api/auth/register", Setting: proxy.RefreshAuto, Seen: true}},
			},
			`{"sub":"1","prv":"x","jti":"x"}`, "laravel-jwt - false [POST /api/auth/register: it says refresh: never]",
		},
		"behind a gateway": {
			discover.Analysis{Sites: []discover.Site{site("POST /token", "json:access_token"), site("POST /factors/{id}/verify", "json:access_token")}},
			`{"sub":"1","aal":"aal1","session_id":"x"}`, "supabase  true []",
		},
		"none": {discover.Analysis{Sites: []discover.Site{site("POST /kiosk", "json:jwt")}}, `{"sub":"1"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			tt.analysis.Tokens = []string{issuer.Token(tt.claims)}
			got := ""
			if fits := discover.FitPresets(nil, tt.analysis); len(fits) > 0 {
				prefix := "-"
				if fits[0].Prefix != nil {
					prefix = *fits[0].Prefix
				}
				got = fmt.Sprint(fits[0].Name, " ", prefix, " ", fits[0].Active(), " [", strings.Join(fits[0].Missing, "; "), "]")
			}
			if got != tt.want {
				t.Errorf("FitPresets: %q, want %q", got, tt.want)
			}
		})
	}
}
