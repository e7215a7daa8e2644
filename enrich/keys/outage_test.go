package keys_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
)

func TestOutage_KeepsTheLastGoodSet(t *testing.T) {
	answers := map[string]http.HandlerFunc{
		"500":       func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"no JSON":   func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>") },
		"no set":    func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"error":"later"}`) },
		"null keys": func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"keys":null}`) },
		"no object": func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"keys":[1]}`) },
		"huge": func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, `{"keys":[]}`+strings.Repeat(" ", 1<<20))
		},
		"panic":   func(http.ResponseWriter, *http.Request) { panic("a fault in a parser") },
		"hanging": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				issuer, other := enrichtest.NewIssuer(t, "ES256"), enrichtest.NewIssuer(t, "ES256")
				other.KeyID = "other"
				backend := serving(issuer)
				ring := backend.open(t, nil)
				run(t, ring)
				backend.answer(answer)
				pass(time.Hour)
				expect(t, ring, token(issuer), good)
				if ring.BackendKeysReady() == nil {
					t.Error("BackendKeysReady = nil while the backend fails, want an error")
				}
				if _, maxAge, err := ring.JWKS(); err != nil || maxAge != 0 {
					t.Errorf("JWKS may be cached for %v (%v), want 0", maxAge, err)
				}
				expect(t, ring, token(other), undecided)
				backend.serve(setOf(issuer), nil)
				pass(34 * time.Second)
				if err := ring.BackendKeysReady(); err != nil {
					t.Errorf("BackendKeysReady = %v 34 s after the backend works again, want nil", err)
				}
			})
		})
	}
}

func TestOutage_HangingBackendDelaysATokenByThreeSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer, other := enrichtest.NewIssuer(t, "ES256"), enrichtest.NewIssuer(t, "ES256")
		other.KeyID = "other"
		backend := serving(issuer)
		ring := backend.open(t, nil)
		expect(t, ring, token(issuer), good)
		backend.answer(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		for _, want := range []time.Duration{3 * time.Second, 0} { // the second token does not wait
			began := time.Now()
			expect(t, ring, token(other), undecided)
			if waited := time.Since(began); waited != want {
				t.Errorf("waited %v, want %v", waited, want)
			}
		}
	})
}

func TestFetch_EndsTrustInAKeyThatIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old, newer := enrichtest.NewIssuer(t, "ES256"), enrichtest.NewIssuer(t, "ES256")
		old.KeyID = "old"
		backend := serving(old)
		backend.serve(setOf(old), http.Header{"Cache-Control": {"max-age=60"}})
		ring := backend.open(t, nil)
		run(t, ring)
		expect(t, ring, token(old), good)
		backend.serve(setOf(newer), nil)
		pass(time.Minute)
		expect(t, ring, token(old), notOurs)
		if publishes(t, ring, "old") {
			t.Error("the removed key is still published")
		}
		backend.serve(set(), nil)
		pass(10 * time.Minute)
		expect(t, ring, token(newer), notOurs)
	})
}

func TestOutage_NothingIsDecidedOrPublishedBeforeTheFirstSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := enrichtest.NewIssuer(t, "ES256")
		backend := serving(issuer)
		backend.answer(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
		ring := backend.open(t, nil)
		run(t, ring)
		expect(t, ring, token(issuer), undecided)
		if set, _, err := ring.JWKS(); err == nil {
			t.Errorf("JWKS = %s, want an error", set)
		}
		backend.serve(setOf(issuer), nil)
		pass(31 * time.Second)
		expect(t, ring, token(issuer), good)
		if !publishes(t, ring, issuer.KeyID) {
			t.Error("the backend's key is not published")
		}
	})
}
