package proxy

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// A Snapshot has everything that can change while a [Proxy] serves. Do not modify
// it after [New] or [Proxy.Use]. The zero Snapshot forwards everything and changes
// nothing.
type Snapshot struct {
	// Rules find the rule of a request. Nil means no rules.
	Rules *Rules
	// Enricher enriches and restores tokens. Required if a rule has Tokens, if
	// Restore is set, or if there are ObjectPaths.
	Enricher Enricher
	// Restore replaces enriched tokens in requests with their originals.
	Restore bool
	// RestoreAt are more locations of enriched tokens in requests, to any path. A json:
	// location makes the proxy read the bodies of all requests that are JSON or text.
	RestoreAt []locate.Location
	// Shadow switches shadow mode on: the proxy counts which tokens it would enrich,
	// but changes no response of a rule with Tokens, and no rule is a Gate. It still
	// publishes Keys and restores tokens, so shadow mode is a safe first step of a rollout and a safe last step of a
	// removal (law E5).
	Shadow bool
	// Off leaves all tokens of responses alone: none is looked at or counted. It has an
	// effect only with Shadow.
	Off bool
	// Failing reports whether the source of documents is failing and no older
	// documents can replace it. If so, a Gate and a rule whose policy is Refuse answer
	// 503 before they forward the request, so no code or refresh token is used up.
	// Optional.
	Failing func() bool
	// Keys is the JWK Set that the proxy serves at JWKSPaths. If Keys is nil, requests
	// for these paths go to the backend.
	Keys KeySet
	// JWKSPaths are the paths of the JWK Set. A path can have a query, such as
	// /?rest_route=/jwks. A request matches if it has these parameters, and any others.
	JWKSPaths []string
	// BackendJWKSPaths are those of JWKSPaths at which the backend serves its own set.
	// While Keys returns an error, requests for them go to the backend instead of getting
	// 503, and clients may cache the answer for 30 seconds at most. Optional.
	BackendJWKSPaths []string
	// ObjectPaths are the paths whose JSON responses also get the claims, such as the
	// paths of userinfo and introspection. In shadow mode they do not.
	ObjectPaths []string
	// DiscoveryPaths are the paths of the discovery documents that clients read. Edit
	// corrects such a document for clients (law C4). It must not write to its argument,
	// and returns the argument if there is nothing to correct. Required if there are
	// DiscoveryPaths.
	DiscoveryPaths []string
	Edit           func(document []byte) []byte
	// Deleted is called after the backend deleted a user, with the bearer token of the
	// request. ctx does not end with the request. Required if a rule Deletes.
	Deleted func(ctx context.Context, token string)
	// Sizes are the largest sizes of enriched tokens.
	Sizes locate.Limits
	// Locals are the paths that the proxy answers itself. Optional.
	Locals []Local
	// Forwards give the backend headers about users, and say who may send requests.
	// Optional.
	Forwards []Forward

	// What [Snapshot.ready] makes of Locals and Forwards.
	locals   locals
	forwards forwards
}

// An Enricher enriches tokens and restores originals. It must be safe for concurrent
// use. [enrich.Enricher] implements it.
//
// If it also has the method Identify of enrich.Enricher, a Gate refuses responses that
// hide a token of another user at a place that no rule names. Without the method, such a
// token passes next to accepted ones.
type Enricher interface {
	// Enrich returns one outcome for each token of the grant, in its order.
	Enrich(ctx context.Context, g enrich.Grant) []enrich.Outcome
	// EnrichObject returns a JSON object that describes a user, with the claims added.
	// It does not write to its argument.
	EnrichObject(ctx context.Context, object []byte) ([]byte, error)
	// MayRestore reports whether a token can be an enriched one. It is called for every
	// token of a request, so it must cost next to nothing.
	MayRestore(token string) bool
	// Restore returns the original of an enriched token, and false for any other. It is
	// called at most 8 times for a request, with tokens for which MayRestore is true.
	Restore(token string) (original string, ok bool)
}

// A KeySet is the JWK Set that clients verify tokens with. It must be safe for
// concurrent use. The Ring of package enrich/keys implements it.
type KeySet interface {
	// JWKS returns the set as JSON (RFC 7517, section 5), and how long clients may
	// cache it. The proxy does not write to the set. After an error the client gets
	// 503, except at BackendJWKSPaths.
	JWKS() (set []byte, maxAge time.Duration, err error)
}

// ready returns the snapshot that requests use. The error names each field that is wrong.
func (s *Snapshot) ready() (*Snapshot, error) {
	if s == nil {
		return nil, errors.New("proxy: the Snapshot is nil")
	}
	ready, errs := *s, [3]error{s.validate()}
	ready.locals, errs[1] = newLocals(s.Locals)
	ready.forwards, errs[2] = newForwards(s.Forwards)
	return &ready, errors.Join(errs[:]...)
}

// validate returns an error that names each field that is missing or negative.
func (s *Snapshot) validate() error {
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
	if len(s.DiscoveryPaths) > 0 && s.Edit == nil {
		missing("Edit", "DiscoveryPaths has paths")
	}
	if s.Sizes.Token < 0 || s.Sizes.Line < 0 {
		faults = append(faults, errors.New("proxy: Snapshot.Sizes has a negative limit"))
	}
	return errors.Join(faults...)
}

// needsEnricher says why an Enricher is required. It returns "" if it is not.
func (s *Snapshot) needsEnricher() string {
	rule := s.Rules.find(func(r *Rule) bool { return len(r.Tokens) > 0 })
	switch {
	case rule != nil:
		return fmt.Sprintf("rule %q has Tokens", rule.Pattern)
	case s.Restore:
		return "Restore is set"
	case len(s.ObjectPaths) > 0:
		return "ObjectPaths has paths"
	}
	return ""
}

// gates returns the patterns of the rules that are gates, sorted. In shadow mode none is.
func (s *Snapshot) gates() []string {
	if s.Shadow || s.Rules == nil {
		return nil
	}
	return s.Rules.gates.patterns
}

// restoreLocations returns the locations of enriched tokens in a request that the rule
// matches. The rule may be nil.
func (s *Snapshot) restoreLocations(rule *Rule) []locate.Location {
	var locations []locate.Location
	switch {
	case rule != nil:
		locations = rule.restoreAt
	case s.Rules != nil:
		locations = s.Rules.anywhere
	}
	if len(s.RestoreAt) > 0 {
		return slices.Concat(s.RestoreAt, locations)
	}
	return locations // the usual case: nothing is made for the request
}

// cleanPath returns a path without // and dots, as many backends read it.
func cleanPath(p string) string {
	if !strings.HasPrefix(p, "/") {
		p = "/" + p
	}
	return path.Clean(p) // which allocates only if it changes the path
}
