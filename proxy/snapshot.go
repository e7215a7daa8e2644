package proxy

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// A Snapshot is everything that can change while a [Proxy] serves. It is
// immutable; a request takes it once.
type Snapshot struct {
	Rules    *Rules
	Enricher Enricher
	// Restore swaps enriched tokens in requests back to originals.
	Restore bool
	// Shadow looks at tokens and counts what would become of them, and gives the
	// client every response as it came. Keys are published and Restore works all
	// the same: the way in, and the way out (law E5).
	Shadow bool
	// Failing says that documents cannot be had now, nor older ones stand in: then
	// a rule that refuses does so before its request is sent on, which burns no
	// code or refresh token. Optional.
	Failing func() bool
	// Keys is what JWKSPaths answer with; nil without keys of our own: then the
	// paths go to the backend.
	Keys      KeySet
	JWKSPaths []string
	// Answers are the paths whose JSON answers carry the claims of tokens, too.
	Answers []string
	// Discovery are the paths of discovery documents that clients read, and Edit
	// what makes one true of what goes through here (law C4). It returns a
	// document that it has nothing to change in as it is.
	Discovery []string
	Edit      func(document []byte) []byte
	// Deleted is told of the bearer token of a request that has deleted its user.
	// Required where a rule deletes.
	Deleted func(ctx context.Context, token string)
	// Sizes bound the places of enriched tokens.
	Sizes locate.Limits
}

// An Enricher makes enriched tokens of originals, and originals of enriched
// tokens.
type Enricher interface {
	Enrich(ctx context.Context, g enrich.Grant) []enrich.Outcome
	// EnrichObject adds the claims of a token to a JSON object about a user.
	EnrichObject(ctx context.Context, object []byte) ([]byte, error)
	Restore(token string) (original string, ok bool)
}

// A KeySet is a JWK Set and for how long a client may cache it.
type KeySet interface {
	JWKS() (set []byte, maxAge time.Duration, err error)
}

// A Rule says which responses carry tokens, where, and what on failure.
type Rule struct {
	// Pattern is a pattern of [http.ServeMux].
	Pattern string
	// Tokens are where tokens are in its responses.
	Tokens []locate.Location
	// Refresh says whether its requests are refreshes.
	Refresh Refresh
	// OnFailure is what the client gets when enrichment fails.
	OnFailure enrich.Policy
	// Restore are further places of its requests where enriched tokens are.
	Restore []locate.Location
	// Addresses are where in its JSON answers the backend tells clients its own
	// address, which becomes the one that they came by. Such a rule needs no
	// Tokens.
	Addresses []locate.Location
	// Errors is how the client is told that a hook let no token leave.
	Errors Errors
	// Deletes says that its requests delete the user whose token they bear, where
	// the backend answers 2xx.
	Deletes bool
	// Mixed says that it matches requests that issue no tokens, too, such as
	// those for login pages: then only answers with tokens can be refused.
	Mixed bool

	labels labels
}

// Refresh is how it is known whether a request is a refresh.
type Refresh int

// The ways to know.
const (
	RefreshAuto   Refresh = iota // by its form, JSON body, cookies and path
	RefreshAlways                // it is
	RefreshNever                 // it is a login
)

// provider is what stands in the path for {provider} of the pattern: how the
// user signs in.
func (r *Rule) provider(path string) string {
	_, pattern, _ := strings.Cut(r.Pattern, "/")
	i := slices.Index(strings.Split(pattern, "/"), "{provider}")
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	if i < 0 || i >= len(segments) {
		return ""
	}
	return segments[i]
}

// Rules find the rule of a request.
type Rules struct {
	mux       *http.ServeMux
	byPattern map[string]*Rule
	// anywhere are the headers and cookies that tokens were issued in: clients
	// send them to every path.
	anywhere []locate.Location
}

// NewRules returns the rules. Patterns that conflict are an error.
func NewRules(rules []Rule) (_ *Rules, err error) {
	defer func() {
		// ServeMux has no other way to say it.
		if fault := recover(); fault != nil {
			err = fmt.Errorf("%v", fault)
		}
	}()
	rs := &Rules{mux: http.NewServeMux(), byPattern: map[string]*Rule{}}
	for _, rule := range rules {
		rs.mux.Handle(rule.Pattern, http.NotFoundHandler())
		rule.labels = newLabels(rule.Pattern)
		rs.byPattern[rule.Pattern] = &rule
		for _, location := range rule.Tokens {
			if location.InHeader() && !slices.Contains(rs.anywhere, location) {
				rs.anywhere = append(rs.anywhere, location)
			}
		}
	}
	return rs, nil
}

// match returns the rule of a request, and nil where there is none. The mux is
// for lookup only: its handlers would redirect paths with // or .. in them, and
// the backend is to see paths as they came.
func (rs *Rules) match(r *http.Request) *Rule {
	_, pattern := rs.mux.Handler(r)
	if strings.HasSuffix(pattern, r.URL.Path+"/") {
		return nil // the mux would redirect from /a to /a/: that is another path
	}
	return rs.byPattern[pattern]
}

// edit returns what becomes of the answer to a request that asks for a discovery
// document, for one that is to carry the claims, or for addresses; nil for all
// others.
func (p *Proxy) edit(r *http.Request, x *exchange) func(context.Context, []byte) ([]byte, error) {
	path, s := cleanPath(r.URL.Path), x.snapshot
	switch {
	case x.rule != nil && len(x.rule.Addresses) > 0:
		return p.publish(r, x.rule.Addresses)
	case !s.Shadow && slices.Contains(s.Answers, path) && (r.Method == http.MethodGet || r.Method == http.MethodPost):
		return s.Enricher.EnrichObject
	case slices.Contains(s.Discovery, path) && r.Method == http.MethodGet:
		return func(_ context.Context, document []byte) ([]byte, error) { return s.Edit(document), nil }
	}
	return nil
}
