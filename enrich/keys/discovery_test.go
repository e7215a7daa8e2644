package keys_test

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/keys"
)

func TestDiscovery_NamesTheAddressOfTheKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		es := enrichtest.NewIssuer(t, "ES256")
		backend := serving(es)
		ring := backend.open(t, func(o *keys.Options) { o.JWKS, o.Discovery = "", true })
		run(t, ring)
		if _, err := verify(t, ring, token(es)); err == nil || errors.Is(err, enrich.ErrBadToken) || errors.Is(err, enrich.ErrNotOurs) {
			t.Errorf("Verify before the address of the keys is known returned the error %v, want undecided", err)
		}
		ring.ApplyDiscovery(jwksURL, "https://auth.example.com")
		synctest.Wait()
		if _, err := verify(t, ring, es.Token(`{"iss":"https://auth.example.com","sub":"u1"}`)); err != nil {
			t.Errorf("Verify = %v", err)
		}
		before := backend.count()
		ring.ApplyDiscovery(jwksURL, "https://auth.example.com")
		synctest.Wait()
		if got := backend.count(); got != before {
			t.Errorf("ApplyDiscovery with the same values caused %d fetches, want none", got-before)
		}
	})
}

// After the keys have moved, the ring fetches them from the new address soon. It does not
// wait until the old set expires, even if a fetch from the old address is in progress or
// the new address fails at first.
func TestDiscovery_FetchesMovedKeysUntilTheyAnswer(t *testing.T) {
	const moved = jwksURL + "/moved"
	tests := []struct {
		name  string
		under func(t *testing.T, ring *keys.Ring) // runs just before they move
		takes time.Duration                       // time that the old address needs to answer
		down  time.Duration                       // time that the new address fails
	}{
		{"at once", nil, 0, 0},
		{"when the new address works", nil, 0, 10 * time.Second},
		{"after a fetch from the old address", func(t *testing.T, ring *keys.Ring) {
			go ring.Verify(t.Context(), parse(t, forged(enrichtest.NewIssuer(t, "ES256"))))
			synctest.Wait()
		}, time.Second, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				old, newer := enrichtest.NewIssuer(t, "ES256"), enrichtest.NewIssuer(t, "ES256")
				newer.KeyID = "newer"
				backend := serving()
				up := time.Now().Add(time.Minute + tt.down)
				backend.answer(func(w http.ResponseWriter, r *http.Request) {
					switch {
					case r.URL.String() == jwksURL:
						time.Sleep(tt.takes)
						w.Write(setOf(old))
					case time.Now().Before(up):
						w.WriteHeader(http.StatusServiceUnavailable)
					default:
						w.Write(setOf(newer))
					}
				})
				ring := backend.open(t, func(o *keys.Options) { o.JWKS, o.Discovery = "", true })
				run(t, ring)
				ring.ApplyDiscovery(jwksURL, "")
				pass(time.Minute)
				if tt.under != nil {
					tt.under(t, ring)
				}
				ring.ApplyDiscovery(moved, "")
				pass(tt.takes + 2*tt.down)
				if !publishes(t, ring, "newer") || publishes(t, ring, old.KeyID) {
					t.Errorf("published %v, want the key at the new address", published(t, ring))
				}
			})
		})
	}
}

func TestDiscovery_WarnsOnceAboutAnotherIssuer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		es := enrichtest.NewIssuer(t, "ES256")
		ring, err := keys.Open(keys.Options{
			Discovery: true, Client: &http.Client{Transport: serving(es)}, Logger: slog.New(slog.NewTextHandler(&log, nil)),
		})
		if err != nil {
			t.Fatal(err)
		}
		run(t, ring)
		ring.ApplyDiscovery(jwksURL, "https://public.example.com")
		time.Sleep(time.Second)
		for range 2 {
			if _, err := verify(t, ring, es.Token(`{"iss":"http://private:9000","sub":"u1"}`)); !errors.Is(err, enrich.ErrNotOurs) {
				t.Errorf("Verify = %v, want not ours", err)
			}
		}
		stranger := enrichtest.NewIssuer(t, "ES256")
		if _, err := verify(t, ring, stranger.Token(`{"iss":"http://stranger","sub":"u1"}`)); !errors.Is(err, enrich.ErrNotOurs) {
			t.Errorf("Verify = %v, want not ours", err)
		}
		if got := log.String(); strings.Count(got, "https://public.example.com") != 1 || strings.Count(got, "http://private:9000") != 1 || strings.Contains(got, "stranger") {
			t.Errorf("log %s, want both issuers once, and no issuer of a token that does not verify", got)
		}
	})
}

// Until the address of the keys is known, nothing is logged about them.
func TestDiscovery_LogsNoFailureBeforeTheAddressIsKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		es := enrichtest.NewIssuer(t, "ES256")
		ring := serving(es).open(t, func(o *keys.Options) {
			o.JWKS, o.Discovery, o.Logger = "", true, slog.New(slog.NewTextHandler(&log, nil))
		})
		run(t, ring)
		time.Sleep(time.Second)
		ring.ApplyDiscovery(jwksURL, "")
		time.Sleep(time.Second)
		if _, err := verify(t, ring, token(es)); err != nil {
			t.Errorf("Verify = %v", err)
		}
		if strings.Contains(log.String(), "JWKS") {
			t.Errorf("log %s, want nothing about the JWKS", log.String())
		}
	})
}
