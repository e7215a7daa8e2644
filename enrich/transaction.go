package enrich

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
	"github.com/tokengraft/tokengraft/internal/tracing"
)

// A transaction enriches the tokens of one grant. Its methods are in the order in
// which they run: verify, check bindings, look up, sign, report. Nothing is
// visible to the caller before the last step, so a fault leaves every token
// unchanged.
type transaction struct {
	*Enricher
	grant      Grant
	candidates []*candidate
	// othersSignIn means that hooks run for users of tokens that get no claims,
	// because no token that gets the claims identifies a user.
	othersSignIn bool
	forClient    bool // the tokens were issued to a client, so no hook runs
	isTraced     bool // the steps have spans

	// The memory of candidates, of their tokens, and of the claims of one of them, for usual
	// grants.
	usual       [usualTokens]candidate
	usualRefs   [usualTokens]*candidate
	usualClaims [usualClaims]claim
	tokens      [usualTokens]tokenMemory
}

const (
	usualTokens = 2
	usualClaims = 4 // the document, its time, the freshness, and a hash
)

// A fault is the reason why no token of a grant is enriched.
type fault struct {
	reason Reason
	err    error
}

func (tx *transaction) run(ctx context.Context) []Outcome {
	tx.isTraced = tracing.IsTraced(ctx)
	if f := tx.steps(ctx); f != nil {
		tx.fail(f)
	} else {
		tx.succeed(ctx)
	}
	return tx.outcomes()
}

// steps runs the steps until one fails. A grant that is blocked still signs its users
// in: another token must not save a user whom a hook rejects.
func (tx *transaction) steps(ctx context.Context) *fault {
	f := tx.traced(ctx, "verify", tx.verifyAll)
	if f == nil {
		f = tx.traced(ctx, "bind", tx.checkBindings)
	}
	if f != nil && tx.runsHooks() {
		return f.or(tx.traced(ctx, "lookup", tx.signInBlocked))
	}
	if f == nil {
		f = tx.traced(ctx, "lookup", tx.lookUpAll)
	}
	if f == nil {
		f = tx.traced(ctx, "sign", tx.signDocuments)
	}
	return f
}

// or returns the fault that a grant with two faults counts: the first, unless the
// other one is a rejection.
func (f *fault) or(other *fault) *fault {
	if f == nil || other != nil && other.reason == Rejected {
		return other
	}
	return f
}

// traced runs a step, in a span if the request is traced.
func (tx *transaction) traced(ctx context.Context, name string, do func(context.Context) *fault) *fault {
	if !tx.isTraced {
		return do(ctx)
	}
	ctx, span := tracing.Start(ctx, name)
	defer span.End()
	f := do(ctx)
	if f != nil {
		span.SetAttributes(attribute.String("tokengraft.reason", string(f.reason)))
	}
	return f
}

// verifyAll parses and verifies every token. It does not stop at a bad one,
// because each token gets its own reason. The first token that blocks the grant
// is the fault.
func (tx *transaction) verifyAll(ctx context.Context) *fault {
	var first *fault
	for _, c := range tx.candidates {
		c.reason, c.err = tx.verify(ctx, c)
		c.isVerified = c.reason == ""
		if c.isVerified {
			tx.noteExistingClaim(ctx, c)
		}
		// A client can make the backend repeat any text, for example in a redirect.
		c.ignored = !c.isVerified && tx.grant.Echoed != nil && tx.grant.Echoed(c.issued.Raw)
		if first == nil && tx.blocksGrant(c) {
			first = &fault{c.reason, c.err}
		}
	}
	tx.forClient = tx.isForClient()
	tx.othersSignIn = tx.runsHooks() && !slices.ContainsFunc(tx.candidates, func(c *candidate) bool {
		return tx.getsClaim(c) && tx.userOf(c.token.payload) != User{}
	})
	return first
}

func (tx *transaction) verify(ctx context.Context, c *candidate) (Reason, error) {
	var err error
	if c.token, err = tx.memoryOf(c).parse(c.issued.Raw, &tx.headers); err == nil {
		c.token.UserInfo = tx.grant.UserInfo
		c.Verified, err = tx.o.Ring.Verify(ctx, c.token)
	}
	switch {
	case err == nil:
		tx.headers.keep(c.token.header)
		return "", nil
	case errors.Is(err, ErrOpaque):
		return Opaque, whyOpaque(c.issued.Raw)
	case errors.Is(err, ErrNotOurs):
		return NotOurs, err
	case errors.Is(err, ErrTooLarge):
		return TooLarge, err
	case errors.Is(err, ErrBadToken):
		return BadToken, err
	}
	return Unavailable, err
}

// checkBindings finds tokens that must not be enriched because something else
// depends on their bytes: the at_hash of an id_token that we cannot sign (law C3)
// or the ath of a DPoP proof (law D6).
func (tx *transaction) checkBindings(context.Context) *fault {
	for _, c := range tx.candidates {
		switch {
		case c.ignored:
		case c.issued.Kind == ID && c.reason == Opaque && isJWE(c.issued.Raw):
			return &fault{Opaque, errors.New("the id_token is encrypted, so its at_hash cannot be updated for an enriched access token")}
		case c.issued.Kind == ID && c.reason == NotOurs && tx.boundAccess(c) != nil:
			return &fault{NotOurs, fmt.Errorf("the id_token's at_hash cannot be updated for an enriched access token: %w", c.err)}
		case tx.keyBound(c):
			return &fault{KeyBound, nil}
		}
	}
	return nil
}

// keyBound reports whether a token that gets the claims is bound to a DPoP key of the
// client, and would be signed with a key of our own. The response or the token itself
// says so, never the request: a client can add any header.
func (tx *transaction) keyBound(c *candidate) bool {
	if !tx.getsClaim(c) || c.Signer == nil || c.Signer.ID() == "" {
		return false
	}
	return tx.grant.DPoP && c.issued.Kind == Access || c.token.payload.Lookup(thumbprint) != nil
}

// thumbprint is the claim of a token that is bound to a DPoP key (RFC 9449, section
// 6.1).
var thumbprint = jsonedit.Path{"cnf", "jkt"}

// setDocument stores the result of a user's lookup in one of their tokens.
func (tx *transaction) setDocument(c *candidate, d Document, err error) *fault {
	switch {
	case errors.Is(err, ErrNoDocument):
		c.reason, c.err = NoDocument, tx.noDocument(c.token)
		tx.warnClaimTaken(c)
	case err != nil:
		return &fault{Unavailable, err}
	case len(d.JSON) > tx.o.MaxSize:
		return &fault{TooLarge, tx.documentTooLarge(d)}
	default:
		c.document = d
	}
	return nil
}

// warnClaimTaken logs one warning if a token of the backend has a claim with our name
// that is not known to be a copy. It stays if the user has no document (law H2).
func (e *Enricher) warnClaimTaken(c *candidate) {
	if c.token.Claim(e.o.Claim) != nil && !c.hasCopies() {
		e.warnedClaim.Do(func() {
			e.o.Logger.Warn("the backend's tokens already have a claim with this name. A user without a document keeps the backend's value. If the backend copies it from enriched tokens, set restore: on, so that the value does not outlive the document; otherwise choose another claim name", "claim", e.o.Claim)
		})
	}
}

func (tx *transaction) signDocuments(context.Context) *fault {
	return tx.signAll(func(c *candidate) []claim { return tx.documentClaims(tx.usualClaims[:0], c.document) })
}

// succeed sets the reason of every enriched token.
func (tx *transaction) succeed(ctx context.Context) {
	for _, c := range tx.candidates {
		if c.enriched == "" {
			continue
		}
		if c.document.JSON != nil {
			tx.documentAge.Record(ctx, time.Since(c.document.ReadAt).Seconds())
		}
		switch {
		case c.reason != "":
		case c.document.Stale:
			c.reason = Stale
		default:
			c.reason = OK
		}
	}
}

// fail sets the fault's reason on every token that would have changed; a rejection on
// every verified token. The tokens stay unchanged, unless a failure mark can be
// signed.
func (tx *transaction) fail(f *fault) {
	marked := tx.signMarks(f)
	for _, c := range tx.candidates {
		if !marked {
			c.enriched = ""
		}
		if c.isVerified && (f.reason == Rejected || c.reason == "" && tx.wouldChange(c)) {
			c.reason, c.err = f.reason, f.err
		}
	}
}

// signMarks signs tokens with the freshness claim "error", if their document
// could not be fetched or is too large. It reports whether it did. It does not if
// a token failed to verify, because that token could be bound to another one.
func (tx *transaction) signMarks(f *fault) bool {
	if !tx.grant.MarkFailure || tx.o.Freshness == "" || f.reason != Unavailable && f.reason != TooLarge {
		return false
	}
	if slices.ContainsFunc(tx.candidates, tx.blocksGrant) {
		return false
	}
	return tx.signAll(func(c *candidate) []claim {
		if c.reason == NoDocument {
			return tx.documentClaims(nil, Document{})
		}
		return tx.failureClaims()
	}) == nil
}
