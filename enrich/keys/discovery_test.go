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
			t.Errorf("Verify before it is known where the keys are = %v, want undecided", err)
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
			t.Errorf("learning the same again made %d fetches", got-before)
		}
	})
}

// The keys have moved: neither a fetch under way from where they were nor a
// failure where they are now puts that off until the old set's end.
func TestDiscovery_FetchesMovedKeysUntilTheyAnswer(t *testing.T) {
	const moved = jwksURL + "/moved"
	tests := []struct {
		name  string
		under func(t *testing.T, ring *keys.Ring) // what happens when they move
		takes time.Duration                       // to answer where they were
		down  time.Duration                       // where they are now
	}{
		{"at once", nil, 0, 0},
		{"when they can be had", nil, 0, 10 * time.Second},
		{"after a fetch of the old place", func(t *testing.T, ring *keys.Ring) {
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
					t.Errorf("published %v, want the key of where they are now", published(t, ring))
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
			t.Errorf("log %s, want both issuers once, and nothing of a stranger's", got)
		}
	})
}

// Before it is known where the keys are there is nothing to complain of.
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
			t.Errorf("log %s, want nothing of the JWKS", log.String())
		}
	})
}
