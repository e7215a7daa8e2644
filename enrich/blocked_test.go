package enrich_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/keys"
)

// blockedGrants are grants of one user that something keeps unenriched, although one of
// their tokens is verified.
var blockedGrants = []struct {
	name    string
	tokens  func(f fixture, user string) enrich.Grant
	reasons [2]enrich.Reason
}{
	{"bound to a key by the response", func(f fixture, user string) enrich.Grant {
		g := grant(f.tokenOf(user, ""), "")
		g.DPoP = true
		return g
	}, [2]enrich.Reason{enrich.KeyBound}},
	{"bound to a key by the token", func(f fixture, user string) enrich.Grant {
		return grant(f.tokenOf(user, `,"cnf":{"jkt":"x"}`), "")
	}, [2]enrich.Reason{enrich.KeyBound}},
	{"broken access token, verified id_token", func(f fixture, user string) enrich.Grant {
		return grant(f.tokenOf(user, "")+"A", f.tokenOf(user, ""))
	}, [2]enrich.Reason{enrich.BadToken, ""}},
	{"opaque access token, verified id_token", func(f fixture, user string) enrich.Grant {
		return grant("opaque", f.tokenOf(user, ""))
	}, [2]enrich.Reason{enrich.Opaque, ""}},
	{"verified access token, broken id_token", func(f fixture, user string) enrich.Grant {
		return grant(f.tokenOf(user, ""), f.tokenOf(user, `,"at_hash":"x"`)+"A")
	}, [2]enrich.Reason{enrich.BadToken, enrich.BadToken}},
	{"verified access token, encrypted id_token", func(f fixture, user string) enrich.Grant {
		return grant(f.tokenOf(user, ""), "eyJhbGciOiJSU0EtT0FFUCJ9.a.b.c.d")
	}, [2]enrich.Reason{enrich.Opaque, enrich.Opaque}},
}

// tokenOf returns a token of a user.
func (f fixture) tokenOf(user, more string) string {
	return f.issuer.Token(strings.Replace(claimsOf(more), "u1", user, 1))
}

func TestHooks_RunForGrantsThatStayUnenriched(t *testing.T) {
	for _, tt := range blockedGrants {
		t.Run(tt.name, func(t *testing.T) {
			hooks := &scripted{}
			f := newFixture(t, "ES256", func(_ *keys.Options, o *enrich.Options) { o.Hooks = hooks })
			got := f.Enrich(t.Context(), tt.tokens(f, "new"))
			if calls := strings.Join(hooks.calls, ", "); calls != "create, signing in, signed in" {
				t.Errorf("hooks called: %q, want create, signing in, signed in", calls)
			}
			for i, outcome := range got {
				if outcome.Reason != tt.reasons[i] {
					t.Errorf("token %d: reason %q, want %q as without hooks", i, outcome.Reason, tt.reasons[i])
				}
			}
		})
	}
}

// Nothing that a client or the backend adds to a response may save a user whom a hook
// rejects.
func TestHooks_RejectionWinsOverEveryOtherReason(t *testing.T) {
	rejection := &enrich.Rejection{Code: "FunctionExecutionError"}
	for _, tt := range blockedGrants {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t, "ES256", func(_ *keys.Options, o *enrich.Options) {
				o.Hooks = &scripted{create: func() error { return rejection }}
			})
			rejected := false
			for i, outcome := range f.Enrich(t.Context(), tt.tokens(f, "new")) {
				rejected = rejected || outcome.Reason == enrich.Rejected && errors.Is(outcome.Err, rejection)
				if outcome.Accepted() {
					t.Errorf("token %d: accepted with the reason %q, want not accepted", i, outcome.Reason)
				}
			}
			if !rejected {
				t.Error("no outcome is rejected, want one")
			}
		})
	}
}

// The first user's lookup fails. That must not hide that a hook rejects the second one.
func TestHooks_RejectionWinsOverAnotherUsersFailure(t *testing.T) {
	f := newFixture(t, "ES256", func(_ *keys.Options, o *enrich.Options) {
		o.Hooks = &scripted{create: func() error { return &enrich.Rejection{Code: "FunctionExecutionError"} }}
		o.Kinds = []enrich.Kind{enrich.Access, enrich.ID}
		o.Source = sourceFunc(func(q enrich.Query) (enrich.Document, error) {
			if q.User.ID == "down" {
				return enrich.Document{}, errors.New("down")
			}
			return enrich.Document{}, enrich.ErrNoDocument
		})
	})
	for i, outcome := range f.Enrich(t.Context(), grant(f.tokenOf("down", ""), f.tokenOf("new", ""))) {
		if outcome.Reason != enrich.Rejected {
			t.Errorf("token %d: reason %q, want rejected", i, outcome.Reason)
		}
	}
}

func TestAccepted_NeedsAVerifiedTokenAndADecidedUser(t *testing.T) {
	withHooks := func(o *enrich.Options) { o.Hooks = &scripted{} }
	down := func(o *enrich.Options) {
		o.Source = sourceFunc(func(enrich.Query) (enrich.Document, error) { return enrich.Document{}, errors.New("down") })
	}
	downWithHooks := func(o *enrich.Options) { down(o); withHooks(o) }
	const bound = `,"cnf":{"jkt":"x"}`
	for _, tt := range []struct {
		name   string
		change func(*enrich.Options)
		tokens func(f fixture) enrich.Grant
		want   [2]bool // of the access token and of the id_token
	}{
		{"enriched", nil, func(f fixture) enrich.Grant { return grant(f.tokenOf("u1", ""), f.tokenOf("u1", "")) }, [2]bool{true, true}},
		{"no document", nil, func(f fixture) enrich.Grant { return grant(f.tokenOf("new", ""), "") }, [2]bool{true}},
		{"no user", withHooks, func(f fixture) enrich.Grant { return grant(f.tokenOf("", ""), "") }, [2]bool{true}},
		{"document too large", func(o *enrich.Options) { o.MaxSize = 5 }, func(f fixture) enrich.Grant { return grant(f.tokenOf("u1", ""), "") }, [2]bool{true}},
		{"token too large to parse", nil, func(f fixture) enrich.Grant {
			return grant(f.tokenOf("u1", "")+strings.Repeat("A", enrich.MaxToken), "")
		}, [2]bool{false}},
		{"source down", down, func(f fixture) enrich.Grant { return grant(f.tokenOf("u1", ""), "") }, [2]bool{false}},
		{"bound to a key", nil, func(f fixture) enrich.Grant { return grant(f.tokenOf("u1", bound), "") }, [2]bool{true}},
		{"bound to a key, source down", downWithHooks, func(f fixture) enrich.Grant { return grant(f.tokenOf("u1", bound), "") }, [2]bool{false}},
		{"broken", nil, func(f fixture) enrich.Grant { return grant(f.tokenOf("u1", "")+"A", "") }, [2]bool{false}},
		{"foreign", nil, func(f fixture) enrich.Grant {
			return grant(f.issuer.TokenWithHeader(`{"alg":"ES256","kid":"other"}`, claimsOf("")), "")
		}, [2]bool{false}},
		{"opaque", nil, func(fixture) enrich.Grant { return grant("opaque", "") }, [2]bool{false}},
		{"opaque, verified id_token", withHooks, func(f fixture) enrich.Grant { return grant("opaque", f.tokenOf("u1", "")) }, [2]bool{true, true}},
		{"opaque, verified id_token, source down", downWithHooks, func(f fixture) enrich.Grant { return grant("opaque", f.tokenOf("u1", "")) }, [2]bool{false, false}},
		{"opaque, broken id_token", nil, func(f fixture) enrich.Grant { return grant("opaque", f.tokenOf("u1", "")+"A") }, [2]bool{false, false}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t, "ES256", func(_ *keys.Options, o *enrich.Options) {
				if tt.change != nil {
					tt.change(o)
				}
			})
			for i, outcome := range f.Enrich(t.Context(), tt.tokens(f)) {
				if outcome.Accepted() != tt.want[i] {
					t.Errorf("token %d with the reason %q: accepted %t, want %t", i, outcome.Reason, outcome.Accepted(), tt.want[i])
				}
			}
		})
	}
}
