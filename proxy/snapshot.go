package proxy

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// A Snapshot is everything that can change while a [Proxy] serves. It is
// immutable; a request takes it once. The zero Snapshot forwards everything and
// changes nothing.
type Snapshot struct {
	// Rules find the rule of a request. Nil means no rules.
	Rules *Rules
	// Enricher enriches and restores tokens. It is required where a rule has
	// Tokens, where Restore is set and where there are Answers.
	Enricher Enricher
	// Restore swaps enriched tokens in requests back to originals.
	Restore bool
	// Shadow looks at tokens and counts what would become of them, and gives the
	// client every response as it came. Keys are published and Restore works all
	// the same, so shadow is the way in and the way out (law E5).
	Shadow bool
	// Failing reports that the source of documents fails now and that no older
	// documents stand in. Then a rule that refuses does so before its request goes
	// to the backend, so no code or refresh token is used up. Optional.
	Failing func() bool
	// Keys is what JWKSPaths answer with. It is nil without keys of our own: then
	// the paths go to the backend.
	Keys      KeySet
	JWKSPaths []string
	// Answers are the paths whose JSON answers carry the claims of tokens, too:
	// userinfo, introspection.
	Answers []string
	// Discovery are the paths of discovery documents that clients read. Edit
	// corrects one for what changes on its way through the proxy (law C4); it
	// returns a document without such a member as it is.
	Discovery []string
	Edit      func(document []byte) []byte
	// Deleted is called with the bearer token of a request that has deleted its
	// user. It is required where a rule Deletes.
	Deleted func(ctx context.Context, token string)
	// Sizes bound the enriched tokens.
	Sizes locate.Limits
}

// An Enricher makes enriched tokens of originals, and originals of enriched
// tokens.
type Enricher interface {
	// Enrich returns one outcome for each token of the grant, in its order.
	Enrich(ctx context.Context, g enrich.Grant) []enrich.Outcome
	// EnrichObject adds the claims of a token to a JSON object that describes a user.
	EnrichObject(ctx context.Context, object []byte) ([]byte, error)
	// Restore returns the original of an enriched token, and false for any other.
	Restore(token string) (original string, ok bool)
}

// A KeySet is a JWK Set and for how long a client may cache it.
type KeySet interface {
	JWKS() (set []byte, maxAge time.Duration, err error)
}

// validate names each field that is missing or negative.
func (s *Snapshot) validate() error {
	if s == nil {
		return errors.New("proxy: the Snapshot is nil")
	}
	var faults []error
	missing := func(field, why string) {
		faults = append(faults, fmt.Errorf("proxy: Snapshot.%s is missing: %s", field, why))
	}
	if why := s.needsEnricher(); why != "" && s.Enricher == nil {
		missing("Enricher", why)
	}
	if rule := s.Rules.find(func(r *Rule) bool { return r.Deletes }); rule != nil && s.Deleted == nil {
		missing("Deleted", fmt.Sprintf("rule %q deletes users", rule.Pattern))
	}
	if len(s.Discovery) > 0 && s.Edit == nil {
		missing("Edit", "Discovery has paths")
	}
	if s.Sizes.Token < 0 || s.Sizes.Line < 0 {
		faults = append(faults, errors.New("proxy: Snapshot.Sizes has a negative limit"))
	}
	return errors.Join(faults...)
}

// needsEnricher returns what an Enricher is needed for, empty for nothing.
func (s *Snapshot) needsEnricher() string {
	rule := s.Rules.find(func(r *Rule) bool { return len(r.Tokens) > 0 })
	switch {
	case rule != nil:
		return fmt.Sprintf("rule %q has Tokens", rule.Pattern)
	case s.Restore:
		return "Restore is set"
	case len(s.Answers) > 0:
		return "Answers has paths"
	}
	return ""
}

// keysAt returns the keys that a path answers with, nil where it goes to the
// backend.
func (s *Snapshot) keysAt(path string) KeySet {
	if s.Keys == nil || !slices.Contains(s.JWKSPaths, cleanPath(path)) {
		return nil
	}
	return s.Keys
}

// cleanPath is a path as those backends read it that take // for /.
func cleanPath(p string) string { return path.Clean("/" + p) }
