package keys_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/keys"
)

func TestVerify_WarnsOnceAboutALifetimeLongerThanRetireAfter(t *testing.T) {
	times := func(claims string) func(time.Time) string {
		return func(now time.Time) string { return fmt.Sprintf(claims, now.Unix()) }
	}
	tests := []struct {
		name   string
		claims func(time.Time) string
		secret bool
		want   string // part of the warning; empty means no warning
	}{
		{"as long", func(now time.Time) string { return fmt.Sprintf(`{"iat":%d,"exp":%d}`, now.Unix(), now.Unix()+3600) }, false, ""},
		{"longer", func(now time.Time) string { return fmt.Sprintf(`{"iat":%d,"exp":%d}`, now.Unix(), now.Unix()+3601) }, false, "token_life=1h0m1s sign.retire_after=1h0m0s"},
		{"longer, without iat", func(now time.Time) string { return fmt.Sprintf(`{"exp":%d}`, now.Unix()+7200) }, false, "token_life=2h0m0s"},
		{"without exp", times(`{"iat":%d}`), false, `token_life=unlimited`},
		{"signed with the secret", times(`{"iat":%d}`), true, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				issuer := enrichtest.NewIssuer(t, "ES256")
				if tt.secret {
					issuer = enrichtest.NewIssuer(t, "HS256")
				}
				var log bytes.Buffer
				ring := openFile(t, setOf(enrichtest.NewIssuer(t, "ES256")), func(o *keys.Options) {
					_, o.Dir = openDir(t)
					o.RetireAfter, o.Logger = time.Hour, slog.New(slog.NewTextHandler(&log, nil))
					if o.Secret = []byte(enrichtest.Secret); !tt.secret {
						o.JWKS = file(t, setOf(issuer))
					}
				})
				for range 2 {
					expect(t, ring, issuer.Token(tt.claims(time.Now())), good)
				}
				if got := strings.Count(log.String(), "level=WARN"); got > 1 || (got == 1) != (tt.want != "") || !strings.Contains(log.String(), tt.want) {
					t.Errorf("%d warnings, want one with %q, or none if that is empty: %s", got, tt.want, log.String())
				}
			})
		})
	}
}
