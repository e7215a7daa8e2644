package enrich_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/keys"
)

// scripted are hooks that record their calls.
type scripted struct {
	calls   []string
	signIns []enrich.SignIn
	changed bool
	create  func() error
}

func (s *scripted) SigningIn(_ context.Context, in enrich.SignIn) bool {
	s.calls, s.signIns = append(s.calls, "signing in"), append(s.signIns, in)
	return s.changed
}

func (s *scripted) SignedIn(_ context.Context, in enrich.SignIn) {
	s.calls, s.signIns = append(s.calls, "signed in"), append(s.signIns, in)
}

func (s *scripted) Create(_ context.Context, in enrich.SignIn) error {
	s.calls, s.signIns = append(s.calls, "create"), append(s.signIns, in)
	if s.create == nil {
		return enrich.ErrNoDocument
	}
	return s.create()
}

// Create runs before the tokens are returned if the user has no document. It never runs
// for a client itself. The other hooks run at logins only.
func TestHooks_RunBeforeATokenLeaves(t *testing.T) {
	for _, test := range []struct {
		name   string
		user   string
		change func(*enrich.Grant)
		want   string
	}{
		{"a login", "u1", nil, "signing in, signed in"},
		{"a first login", "new", nil, "create, signing in, signed in"},
		{"a refresh", "u1", func(g *enrich.Grant) { g.Cause = enrich.CauseRefresh }, ""},
		{"a refresh without a document", "new", func(g *enrich.Grant) { g.Cause = enrich.CauseRefresh }, "create"},
		{"unknown", "u1", func(g *enrich.Grant) { g.Cause = enrich.CauseUnknown }, "signing in, signed in"},
		{"unknown without a document", "new", func(g *enrich.Grant) { g.Cause = enrich.CauseUnknown }, "create, signing in, signed in"},
		{"client credentials", "new", func(g *enrich.Grant) { g.ClientCredentials = true }, ""},
		{"no user", "", nil, ""},
		{"userinfo, which issues nothing", "new", func(g *enrich.Grant) { g.UserInfo = true }, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			hooks := &scripted{}
			f := newFixture(t, "HS256", func(_ *keys.Options, o *enrich.Options) { o.Hooks = hooks })
			g := grant(f.issuer.Token(strings.Replace(claimsOf(""), "u1", test.user, 1)), f.issuer.Token(strings.Replace(claimsOf(`,"email":"a@b.c"`), "u1", test.user, 1)))
			g.Provider = "local-userpass"
			if test.change != nil {
				test.change(&g)
			}
			f.Enrich(t.Context(), g)
			if got := strings.Join(hooks.calls, ", "); got != test.want {
				t.Errorf("hooks called: %q, want %q", got, test.want)
			}
			for _, in := range hooks.signIns {
				if in.User.ID != test.user || in.Provider != "local-userpass" || len(in.Claims) != 2 || !strings.Contains(string(in.Claims[1]), "a@b.c") {
					t.Errorf("a hook got the user %q, provider %q and claims %s; want %q, local-userpass and the claims of both tokens", in.User.ID, in.Provider, in.Claims, test.user)
				}
			}
		})
	}
}

// A user may sign in with Basic at a backend that ignores grant_type, so a client that does
// must be in its tokens. These are the claims of real providers.
func TestHooks_DoNotRunForAClientThatItsTokenNames(t *testing.T) {
	for _, test := range []struct {
		name, claims string
		runs         bool
	}{
		{"Keycloak", `"sub":"0b8f7c4e-8f0e-4c35-9a5b-6b0a1d7c3f11","azp":"job","aud":"account","preferred_username":"service-account-job"`, false},
		{"Auth0", `"sub":"job@clients","aud":"https://api","azp":"job","gty":"client-credentials"`, false},
		{"Hydra", `"sub":"job","client_id":"job","aud":[],"scp":["a"]`, false},
		{"Spring Authorization Server", `"sub":"job","aud":"job","scope":["a"]`, false},
		{"aud with several", `"sub":"job","aud":["account","job"]`, false},
		{"Okta", `"sub":"job","cid":"job","aud":"api"`, false},
		{"Microsoft", `"sub":"8c1f","appid":"job","aud":"api://x"`, false},
		{"a client id with an encoding", `"sub":"x","client_id":"a b"`, false},
		{"a user", `"sub":"new","aud":"app"`, true},
		{"a user who is named like the client", `"sub":"job","aud":"app"`, true},
		{"a user of another client", `"sub":"new","azp":"web"`, true},
		{"no text", `"sub":"new","azp":["a",1],"client_id":null,"aud":{}`, true},
	} {
		for _, id := range [][]string{{"job", "a b"}, nil} {
			hooks := &scripted{}
			f := newFixture(t, "HS256", func(_ *keys.Options, o *enrich.Options) {
				o.Hooks, o.Source = hooks, documents(nil)
			})
			now := time.Now().Unix()
			g := grant(f.issuer.Token(fmt.Sprintf(`{%s,"iat":%d,"exp":%d}`, test.claims, now, now+3600)), "")
			g.ClientCredentials, g.Client = true, id
			f.Enrich(t.Context(), g)
			if runs := len(hooks.calls) > 0; runs != (test.runs && id != nil) {
				t.Errorf("%s, client %q: hooks ran: %t, want %t", test.name, id, runs, !runs)
			}
		}
	}
}

func TestHooks_CreatedDocumentIsInTheFirstToken(t *testing.T) {
	made := map[string]string{}
	hooks := &scripted{create: func() error {
		made["new"] = `{"lang":"de"}`
		return nil
	}}
	f := newFixture(t, "HS256", func(_ *keys.Options, o *enrich.Options) { o.Hooks, o.Source = hooks, documents(made) })
	outcomes := f.Enrich(t.Context(), grant(f.issuer.Token(strings.Replace(claimsOf(""), "u1", "new", 1)), ""))
	if outcomes[0].Reason != enrich.OK {
		t.Errorf("reason %q (%v), want ok", outcomes[0].Reason, outcomes[0].Err)
	}
}

// A lookup after a hook must not return a document that was read before it.
func TestHooks_DocumentIsReadAgainAfterwards(t *testing.T) {
	var ended time.Time
	hooks := &scripted{changed: true, create: func() error { ended = time.Now(); return nil }}
	var queries []enrich.Query
	f := newFixture(t, "HS256", func(_ *keys.Options, o *enrich.Options) {
		o.Hooks = hooks
		o.Source = sourceFunc(func(q enrich.Query) (enrich.Document, error) {
			queries = append(queries, q)
			return enrich.Document{}, enrich.ErrNoDocument
		})
	})
	began := time.Now()
	f.Enrich(t.Context(), grant(f.issuer.Token(claimsOf("")), ""))
	if len(queries) != 3 || !queries[0].NotBefore.Before(began) || queries[1].NotBefore.Before(ended) || queries[2].NotBefore.Before(queries[1].NotBefore) {
		t.Errorf("queries %+v, want three; NotBefore of those after a hook must not be before its end", queries)
	}
}

func TestHooks_RejectionBlocksTheGrant(t *testing.T) {
	rejection := &enrich.Rejection{Code: "FunctionExecutionError", Message: "not invited"}
	hooks := &scripted{create: func() error { return rejection }}
	f := newFixture(t, "HS256", func(_ *keys.Options, o *enrich.Options) { o.Hooks = hooks })
	outcomes := f.Enrich(t.Context(), grant(f.issuer.Token(strings.Replace(claimsOf(""), "u1", "new", 1)), ""))
	if outcomes[0].Reason != enrich.Rejected || !errors.Is(outcomes[0].Err, rejection) {
		t.Errorf("reason %q (%v), want rejected with %v", outcomes[0].Reason, outcomes[0].Err, rejection)
	}
}

// A rejected user has not signed in. If the source failed, SigningIn does not run,
// because it may wait for the same source.
func TestHooks_RunOnlyForUsersWhoSignIn(t *testing.T) {
	for _, test := range []struct {
		name   string
		source error
		create error
		want   string
	}{
		{"rejected", enrich.ErrNoDocument, &enrich.Rejection{Code: "FunctionExecutionError"}, "create"},
		{"has no document", enrich.ErrNoDocument, enrich.ErrNoDocument, "create, signing in, signed in"},
		{"source down", errors.New("down"), nil, "signed in"},
	} {
		t.Run(test.name, func(t *testing.T) {
			hooks := &scripted{create: func() error { return test.create }}
			f := newFixture(t, "HS256", func(_ *keys.Options, o *enrich.Options) {
				o.Hooks = hooks
				o.Source = sourceFunc(func(enrich.Query) (enrich.Document, error) { return enrich.Document{}, test.source })
			})
			f.Enrich(t.Context(), grant(f.issuer.Token(claimsOf("")), ""))
			if got := strings.Join(hooks.calls, ", "); got != test.want {
				t.Errorf("hooks called: %q, want %q", got, test.want)
			}
		})
	}
}

func TestHooks_SeeTheDocument(t *testing.T) {
	hooks := &scripted{changed: true}
	documents := []string{`{"n":1}`, `{"n":2}`}
	f := newFixture(t, "HS256", func(_ *keys.Options, o *enrich.Options) {
		o.Hooks = hooks
		o.Source = sourceFunc(func(enrich.Query) (enrich.Document, error) {
			document := documents[0]
			documents = documents[1:]
			return enrich.Document{JSON: []byte(document)}, nil
		})
	})
	f.Enrich(t.Context(), grant(f.issuer.Token(claimsOf("")), ""))
	if len(hooks.signIns) != 2 || string(hooks.signIns[0].Document) != `{"n":1}` || string(hooks.signIns[1].Document) != `{"n":2}` {
		t.Errorf("hooks got %+v, want the document before and after SigningIn", hooks.signIns)
	}
}

func TestIdentify_AcceptsOriginalsAndEnrichedTokens(t *testing.T) {
	f := newFixture(t, "ES256", func(_ *keys.Options, o *enrich.Options) { o.Restore = enrich.RestoreOn })
	original := f.issuer.Token(claimsOf(""))
	enriched := f.Enrich(t.Context(), grant(original, ""))[0].Raw
	for _, token := range []string{original, enriched} {
		if in, err := f.Identify(t.Context(), token); err != nil || in.User.ID != "u1" {
			t.Errorf("Identify(%q) = %q, %v; want u1", token, in.User.ID, err)
		}
	}
	for _, token := range []string{"", "opaque", enriched[:len(enriched)-8] + "AAAAAAAA", original + "x", f.issuer.Token(strings.Replace(claimsOf(""), "u1", "", 1))} {
		if _, err := f.Identify(t.Context(), token); err == nil {
			t.Errorf("Identify(%q) has no error, want one", token)
		}
	}
}

// Hooks may work in the background, so the claims that they got stay as they were.
func TestHooks_ClaimsOutliveTheGrant(t *testing.T) {
	hooks := &scripted{}
	f := newFixture(t, "HS256", func(_ *keys.Options, o *enrich.Options) { o.Hooks = hooks })
	for _, claims := range []string{`{"sub":"u1","n":1}`, `{"sub":"u2","n":22222222}`, `{"sub":"u3"}`} {
		f.Enrich(t.Context(), grant(f.issuer.Token(claims), ""))
	}
	if len(hooks.signIns) == 0 {
		t.Fatal("no hook ran")
	}
	if got := string(hooks.signIns[0].Claims[0]); got != `{"sub":"u1","n":1}` {
		t.Errorf("after other grants the claims of the first are %s, want what they were", got)
	}
}
