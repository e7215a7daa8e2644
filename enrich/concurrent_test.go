package enrich_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/keys"
)

// Grants share memory, one after the other. Under any load each token must get the document of
// its own user (law F7), and nothing that outlives a grant may change: errors, log lines,
// users that the source got, and claims that hooks got.
func TestEnrich_ConcurrentGrantsShareNothing(t *testing.T) {
	var kept keptTexts
	var enrichers []fixture
	for _, algorithm := range []string{"HS256", "ES256"} {
		for _, hooks := range []enrich.Hooks{nil, &keepingHooks{&kept}} {
			enrichers = append(enrichers, newFixture(t, algorithm, func(k *keys.Options, o *enrich.Options) {
				o.Source, o.Hooks, o.MaxSize = crowd{&kept}, hooks, 4<<10
				o.Kinds = []enrich.Kind{enrich.Access, enrich.ID}
				k.Issuers = []string{"https://issuer"}
				k.Logger = slog.New(keepingHandler{&kept})
				o.Logger = k.Logger
			}))
		}
	}
	const workers, rounds = 64, 24
	var all sync.WaitGroup
	for worker := range workers {
		all.Go(func() {
			for round := range rounds {
				n := worker*rounds + round
				enrichAsOneOf(t, &kept, enrichers[(worker+round)%len(enrichers)], n)
			}
		})
	}
	all.Wait()
	kept.check(t)
}

// enrichAsOneOf enriches the tokens of a user, with one of many faults, and checks the result.
func enrichAsOneOf(t *testing.T, kept *keptTexts, f fixture, n int) {
	user := fmt.Sprintf("%s-%d", []string{"ok", "ok", "none", "failing", "panic", "large"}[n%6], n)
	claims := fmt.Sprintf(`{"sub":%q,"iss":"https://issuer","exp":%d,"pad":"%s","n":%d}`, user, issuedAt+3600, strings.Repeat(user, n%50), n)
	switch n / 6 % 8 {
	case 1:
		claims = strings.Replace(claims, `"sub"`, `"s\u0075b"`, 1)
	case 2:
		claims = strings.TrimSuffix(claims, "}") + manyClaims + "}"
	}
	raw := f.issuer.Token(claims)
	wantBad := false
	switch n / 6 % 8 {
	case 3:
		raw, wantBad = raw[:len(raw)-8]+"AAAAAAAA", true
	case 4:
		raw, wantBad = f.issuer.Token(fmt.Sprintf(`{"sub":%q,"iss":"https://issuer/of/%s"}`, user, user)), true
	case 5:
		raw, wantBad = f.issuer.Token(fmt.Sprintf(`{"sub":%q,"sub":%q}`, user, user)), true
	case 6:
		raw, wantBad = f.issuer.Token(fmt.Sprintf(`{"sub":%q,"iss":"https://issuer","exp":%d}`, user, n+1)), true
	}
	g := grant(raw, "")
	if n/6%8 == 7 { // more tokens than a transaction has memory for
		for i := range 3 {
			g.Tokens = append(g.Tokens, enrich.Issued{Raw: f.issuer.Token(strings.Replace(claims, `"n":`, fmt.Sprintf(`"i":%d,"n":`, i), 1)), Kind: enrich.ID, Budget: 16 << 10})
		}
	}
	defer func() {
		if got := recover(); got != nil && !strings.HasPrefix(user, "panic") {
			t.Errorf("%s: panic %v", user, got)
		}
	}()
	for i, got := range f.Enrich(context.Background(), g) {
		if got.Err != nil {
			kept.add(got.Err.Error())
			kept.addLater(got.Err.Error(), got.Err.Error)
		}
		original := g.Tokens[i].Raw
		if wantBad || !strings.HasPrefix(user, "ok") {
			if got.Raw != original || got.Reason == enrich.OK {
				t.Errorf("%s: reason %q (%v) and another token, want the original", user, got.Reason, got.Err)
			}
			continue
		}
		if got.Reason != enrich.OK {
			t.Errorf("%s: reason %q (%v), want ok", user, got.Reason, got.Err)
			continue
		}
		_, before := enrichtest.DecodeToken(t, original)
		_, after := enrichtest.DecodeToken(t, got.Raw)
		after, _ = enrichtest.CutRecord(after)
		if want := strings.TrimSuffix(before, "}") + `,"custom_data":` + documentOf(user) + "}"; after != want {
			t.Errorf("%s: claims %s, want %s", user, after, want)
		}
		if restored, ok := f.Restore(got.Raw); !ok || restored != original {
			t.Errorf("%s: restored %v %s, want %s", user, ok, restored, original)
		}
	}
}

// manyClaims need more than the usual memory of a token.
var manyClaims = func() string {
	var b strings.Builder
	for i := range 40 {
		fmt.Fprintf(&b, `,"c%d":[%d]`, i, i)
	}
	return b.String()
}()

func documentOf(user string) string { return fmt.Sprintf(`{"of":%q}`, user) }

// crowd has the documents of all users of the test, and keeps the ids that it gets.
type crowd struct{ kept *keptTexts }

func (s crowd) Lookup(_ context.Context, q enrich.Query) (enrich.Document, error) {
	s.kept.add(q.User.ID)
	switch kind, _, _ := strings.Cut(q.User.ID, "-"); kind {
	case "ok":
		return enrich.Document{JSON: []byte(documentOf(q.User.ID)), ReadAt: time.Now()}, nil
	case "none":
		return enrich.Document{}, enrich.ErrNoDocument
	case "large":
		return enrich.Document{JSON: []byte(`{"x":"` + strings.Repeat("x", 8<<10) + `"}`), ReadAt: time.Now()}, nil
	case "failing":
		return enrich.Document{}, errors.New("the source fails")
	}
	panic("the source panics")
}

// keptTexts are texts that were kept, with what they were at that time.
type keptTexts struct {
	mu    sync.Mutex
	texts []keptText
}

type keptText struct {
	was string // a copy
	now func() string
}

// add keeps a text.
func (k *keptTexts) add(text string) { k.addLater(text, func() string { return text }) }

// addLater keeps a function that must return the same text later.
func (k *keptTexts) addLater(text string, now func() string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.texts = append(k.texts, keptText{strings.Clone(text), now})
}

func (k *keptTexts) check(t *testing.T) {
	if len(k.texts) == 0 {
		t.Error("nothing was kept")
	}
	for _, text := range k.texts {
		if got := text.now(); got != text.was {
			t.Errorf("after other grants %q has become %q", text.was, got)
		}
	}
}

// keepingHooks keep the claims that they get, and panic for some users.
type keepingHooks struct{ kept *keptTexts }

func (h keepingHooks) keep(s enrich.SignIn) {
	for _, claims := range s.Claims {
		h.kept.addLater(string(claims), func() string { return string(claims) })
	}
	if s.User.ID[len(s.User.ID)-1] == '4' && strings.HasPrefix(s.User.ID, "panic") {
		panic("the hook panics")
	}
}

func (h keepingHooks) SigningIn(_ context.Context, s enrich.SignIn) bool { h.keep(s); return false }
func (h keepingHooks) SignedIn(_ context.Context, s enrich.SignIn)       { h.keep(s) }
func (h keepingHooks) Create(_ context.Context, s enrich.SignIn) error {
	h.keep(s)
	return enrich.ErrNoDocument
}

// keepingHandler keeps log records, and formats them later as a handler in the background does.
type keepingHandler struct{ kept *keptTexts }

func (keepingHandler) Enabled(context.Context, slog.Level) bool { return true }
func (h keepingHandler) Handle(_ context.Context, r slog.Record) error {
	text := func() string {
		all := r.Message
		r.Attrs(func(a slog.Attr) bool { all += " " + a.String(); return true })
		return all
	}
	h.kept.addLater(text(), text)
	return nil
}
func (h keepingHandler) WithAttrs([]slog.Attr) slog.Handler { return h }
func (h keepingHandler) WithGroup(string) slog.Handler      { return h }

// A few long tokens must not make the memory of all grants large.
func TestMemory_OfLongTokensIsNotReused(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "HS256")
	for size, want := range map[int]bool{100: true, 2 << 10: true, 20 << 10: false, 40 << 10: false} {
		for name, format := range map[string]string{"valid": `{"sub":"%s"}`, "invalid": `{"sub":"%s"`} {
			if got := enrich.ReusesMemoryOf(issuer.Token(fmt.Sprintf(format, strings.Repeat("x", size)))); got != want {
				t.Errorf("the memory of a token of %d bytes that is %s is reused: %v, want %v", size, name, got, want)
			}
		}
	}
}

// A transaction that waits for the next grant keeps no document, token or request in memory.
func TestMemory_KeepsNothingOfAGrant(t *testing.T) {
	f := newFixture(t, "HS256", func(_ *keys.Options, o *enrich.Options) { o.Freshness, o.ReadAt = "fresh", "read_at" })
	for _, claims := range []string{claimsOf(""), `{"sub":"u2"}`, `{"sub":1.5}`, `{`} {
		g := grant(f.issuer.Token(claims), f.issuer.Token(claims))
		g.ClientCredentials, g.Echoed = true, func(string) bool { return false }
		if !enrich.IsEmptyAfter(t.Context(), f.Enricher, g) {
			t.Errorf("after tokens with the claims %s something is kept", claims)
		}
	}
}
