package keys_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/keys"
)

// run runs the ring until the test ends, and waits until it is idle.
func run(t *testing.T, ring *keys.Ring) {
	ctx, cancel := context.WithCancel(t.Context())
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		ring.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-stopped
	})
	synctest.Wait()
}

// pass lets time pass, and waits until everything is idle.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// token returns a token that does not expire.
func token(issuer *enrichtest.Issuer) string { return issuer.Token(`{"sub":"u1"}`) }

// forged returns a token with the issuer's kid and a signature of no key.
func forged(issuer *enrichtest.Issuer) string {
	t := token(issuer)
	return t[:strings.LastIndexByte(t, '.')+1] + enrichtest.EncodeSegment(strings.Repeat("x", 64))
}

func TestFetch_RepeatsWhenFreshnessEnds(t *testing.T) {
	tests := []struct {
		name   string
		header http.Header
		want   time.Duration
	}{
		{"no header", nil, 10 * time.Minute},
		{"max-age", http.Header{"Cache-Control": {"public, max-age=60"}}, time.Minute},
		{"max-age on the second line", http.Header{"Cache-Control": {"public", "max-age=60"}}, time.Minute},
		{"quoted, other case", http.Header{"Cache-Control": {`Max-Age="60"`}}, time.Minute},
		{"Age", http.Header{"Cache-Control": {"max-age=60"}, "Age": {"20"}}, 40 * time.Second},
		{"Age below zero", http.Header{"Cache-Control": {"max-age=60"}, "Age": {"-20"}}, time.Minute},
		{"very short", http.Header{"Cache-Control": {"max-age=1"}}, 30 * time.Second},
		{"very old", http.Header{"Cache-Control": {"max-age=60"}, "Age": {"3600"}}, 30 * time.Second},
		{"very long", http.Header{"Cache-Control": {"max-age=31536000"}}, 10 * time.Minute},
		{"no-store", http.Header{"Cache-Control": {"no-store"}}, 30 * time.Second},
		{"no-cache", http.Header{"Cache-Control": {"no-cache, max-age=600"}}, 30 * time.Second},
		{"malformed", http.Header{"Cache-Control": {"max-age=soon"}}, 30 * time.Second},
		{"Expires", http.Header{"Expires": {"Sat, 01 Jan 2000 00:02:00 GMT"}}, 2 * time.Minute}, // in a bubble, time starts at 00:00
		{"Expires and max-age", http.Header{"Expires": {"Sat, 01 Jan 2000 00:02:00 GMT"}, "Cache-Control": {"max-age=60"}}, time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				backend := serving()
				backend.serve(set(), tt.header)
				run(t, backend.open(t, nil))
				pass(tt.want - time.Millisecond)
				if got := backend.count(); got != 1 {
					t.Errorf("%d fetches within %v, want 1", got, tt.want)
				}
				pass(time.Millisecond)
				if got := backend.count(); got != 2 {
					t.Errorf("%d fetches after %v, want 2", got, tt.want)
				}
			})
		})
	}
}

func TestFetch_RepeatsForAnUnknownKeyOnceIn30Seconds(t *testing.T) {
	for name, make := range map[string]func(*enrichtest.Issuer) string{"unknown kid": token, "signature that no key verifies": forged} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				old, newer := enrichtest.NewIssuer(t, "ES256"), enrichtest.NewIssuer(t, "ES256")
				if name == "unknown kid" {
					newer.KeyID = "newer"
				}
				backend := serving(old)
				ring := backend.open(t, nil)
				expect(t, ring, token(old), good) // the first fetch is not counted
				pass(time.Second)

				expect(t, ring, make(newer), map[string]string{"unknown kid": notOurs, "signature that no key verifies": badToken}[name])
				if got := backend.count(); got != 2 {
					t.Fatalf("%d fetches, want a second one at once", got)
				}
				backend.serve(setOf(old, newer), nil)
				pass(30*time.Second - time.Millisecond)
				expect(t, ring, token(newer), undecided)
				if got := backend.count(); got != 2 {
					t.Errorf("%d fetches within 30 s, want 2", got)
				}
				pass(time.Millisecond)
				expect(t, ring, token(newer), good)
				if got := backend.count(); got != 3 {
					t.Errorf("%d fetches after 30 s, want 3", got)
				}
			})
		})
	}
}

func TestFetch_IsSharedByTokensOfAnUnknownKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old, newer := enrichtest.NewIssuer(t, "ES256"), enrichtest.NewIssuer(t, "ES256")
		newer.KeyID = "newer"
		backend := serving(old)
		ring := backend.open(t, nil)
		expect(t, ring, token(old), good)
		backend.answer(func(w http.ResponseWriter, _ *http.Request) {
			time.Sleep(time.Second)
			w.Write(setOf(newer))
		})
		raw := token(newer)
		var callers sync.WaitGroup
		for i := range 100 {
			callers.Go(func() {
				time.Sleep(time.Duration(i) * 11 * time.Millisecond) // some start after the fetch
				expect(t, ring, raw, good)
			})
		}
		callers.Wait()
		if got := backend.count(); got != 2 {
			t.Errorf("%d fetches, want 2: the first and a shared one", got)
		}
	})
}

// While one token searches the old set, another may fetch the new one. The many keys
// without a kid make the search slow.
func TestFetch_IsSkippedWhenANewerSetCame(t *testing.T) {
	old, newer := enrichtest.NewIssuer(t, "EdDSA"), enrichtest.NewIssuer(t, "EdDSA")
	nameless := strings.Replace(jwkOf(old), `"kid":"key-EdDSA",`, "", 1)
	backend := serving()
	backend.serve(set(strings.Repeat(nameless+",", 99)+nameless), nil)
	ring := backend.open(t, nil)
	if err := ring.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	backend.serve(setOf(newer), nil)
	raw := token(newer)
	var callers sync.WaitGroup
	for range 32 {
		callers.Go(func() { expect(t, ring, raw, good) })
	}
	callers.Wait()
}

func TestFetch_ForATokenDelaysTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer, other := enrichtest.NewIssuer(t, "ES256"), enrichtest.NewIssuer(t, "ES256")
		other.KeyID = "other"
		backend := serving()
		backend.serve(setOf(issuer), http.Header{"Cache-Control": {"max-age=60"}})
		ring := backend.open(t, nil)
		run(t, ring)
		pass(59 * time.Second)
		expect(t, ring, token(other), notOurs)
		pass(60*time.Second - time.Millisecond)
		if got := backend.count(); got != 2 {
			t.Errorf("%d fetches, want 2 while the second set is fresh", got)
		}
		pass(time.Millisecond)
		if got := backend.count(); got != 3 {
			t.Errorf("%d fetches, want 3 when the second set is no longer fresh", got)
		}
	})
}

func TestFetch_ContinuesWithoutItsFirstCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := enrichtest.NewIssuer(t, "ES256")
		backend := serving(issuer)
		backend.answer(func(w http.ResponseWriter, _ *http.Request) {
			time.Sleep(time.Second)
			w.Write(setOf(issuer))
		})
		ring := backend.open(t, nil)
		impatient, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := ring.Verify(impatient, parse(t, token(issuer))); verdict(err) != undecided {
			t.Errorf("Verify = %v, want undecided", err)
		}
		expect(t, ring, token(issuer), good)
		if got := backend.count(); got != 1 {
			t.Errorf("%d fetches, want 1", got)
		}
	})
}

// Law B3: a key that cannot be used may have been corrected, or replaced by one with its kid.
func TestVerify_FetchesTheSetAgainForAKeyThatCannotBeUsed(t *testing.T) {
	for name, odd := range map[string]func(jwk string) string{
		"odd":            func(jwk string) string { return strings.Replace(jwk, `"EC"`, `"ec"`, 1) },
		"for encryption": func(jwk string) string { return strings.Replace(jwk, `"sig"`, `"enc"`, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				issuer := enrichtest.NewIssuer(t, "ES256")
				backend := serving()
				backend.serve(set(odd(jwkOf(issuer))), nil)
				ring := backend.open(t, nil)
				run(t, ring)
				expect(t, ring, token(issuer), notOurs)
				backend.serve(setOf(issuer), nil)
				expect(t, ring, token(issuer), notOurs) // too soon
				pass(30 * time.Second)
				expect(t, ring, token(issuer), good)
			})
		})
	}
}
