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

func TestLearnTellsWhereTheKeysAre(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		es := enrichtest.NewIssuer(t, "ES256")
		backend := serving(es)
		ring := backend.open(t, func(o *keys.Options) { o.JWKS, o.Learn = "", true })
		run(t, ring)
		if _, err := verify(t, ring, token(es)); err == nil || errors.Is(err, enrich.ErrBadToken) || errors.Is(err, enrich.ErrNotOurs) {
			t.Errorf("Verify before it is known where the keys are = %v, want undecided", err)
		}
		ring.Learn(jwksURL, "https://auth.example.com")
		synctest.Wait()
		if _, err := verify(t, ring, es.Token(`{"iss":"https://auth.example.com","sub":"u1"}`)); err != nil {
			t.Errorf("Verify = %v", err)
		}
		before := backend.count()
		ring.Learn(jwksURL, "https://auth.example.com")
		synctest.Wait()
		if got := backend.count(); got != before {
			t.Errorf("learning the same again made %d fetches", got-before)
		}
	})
}

func TestTokensOfAnotherIssuerThanLearnedAreSaidOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		es := enrichtest.NewIssuer(t, "ES256")
		ring, err := keys.Open(keys.Options{
			Learn: true, Client: &http.Client{Transport: serving(es)}, Logger: slog.New(slog.NewTextHandler(&log, nil)),
		})
		if err != nil {
			t.Fatal(err)
		}
		run(t, ring)
		ring.Learn(jwksURL, "https://public.example.com")
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
