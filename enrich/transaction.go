package enrich

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// A transaction enriches the tokens of one grant.
type transaction struct {
	*Enricher
	grant Grant
	parts []*part
}

// A part is one token on its way.
type part struct {
	issued   Issued
	token    *Token // nil if it is no JWS
	verified Verified
	document Document
	reason   Reason // of this token alone; a fault of the grant overrules it
	err      error
	raw      string // the token to send, once signed
}

// ours reports whether the token verified.
func (p *part) ours() bool { return p.token != nil && (p.reason == "" || p.reason == NoDocument) }

// carries reports whether a token verified and is of a kind that gets the
// claims.
func (tx *transaction) carries(p *part) bool { return p.ours() && tx.kinds[p.issued.Kind] }

// A fault keeps the whole grant as the backend issued it.
type fault struct {
	reason Reason
	err    error
}

// verify parses and verifies every token. A token that is not the backend's
// hinders no other, one that is broken or undecided hinders all (law C1).
func (tx *transaction) verify(ctx context.Context) *fault {
	var first *fault
	for _, p := range tx.parts {
		p.reason, p.err = tx.verifyPart(ctx, p)
		if first == nil && tx.hinders(p) {
			first = &fault{p.reason, p.err}
		}
	}
	return first
}

// hinders reports whether a token, by its reason, keeps the others as they are.
// One of a kind that gets no claim does so only if it is an id_token that speaks
// of an access token, or could (law C3).
func (tx *transaction) hinders(p *part) bool {
	if !p.reason.Blocks() {
		return false
	}
	speaks := p.issued.Kind == ID && (p.token == nil || p.token.Claim("at_hash") != nil)
	return tx.kinds[p.issued.Kind] || speaks
}

func (tx *transaction) verifyPart(ctx context.Context, p *part) (Reason, error) {
	var err error
	if p.token, err = ParseToken(p.issued.Raw); err != nil {
		p.token = nil
	} else if p.verified, err = tx.o.Ring.Verify(ctx, p.token); err == nil {
		return "", nil
	}
	switch {
	case errors.Is(err, ErrOpaque):
		return Opaque, nil
	case errors.Is(err, ErrNotOurs):
		return NotOurs, err
	case errors.Is(err, ErrTooLarge):
		return TooLarge, err
	case errors.Is(err, ErrBadToken):
		return BadToken, err
	}
	return Unavailable, err
}

// bind finds what ties the tokens to each other and to the client, and could
// not be tied again: an id_token that cannot be signed anew keeps its access
// token as it is (law C3), and so does a DPoP proof (law D6).
func (tx *transaction) bind(context.Context) *fault {
	for _, p := range tx.parts {
		switch {
		case p.issued.Kind == ID && p.reason == Opaque && isJWE(p.issued.Raw):
			return &fault{Opaque, errors.New("the id_token is encrypted, so its at_hash cannot follow the access token")}
		case p.issued.Kind == ID && p.reason == NotOurs && tx.boundAccess(p) != nil:
			return &fault{NotOurs, fmt.Errorf("the id_token's at_hash cannot follow the access token: %w", p.err)}
		case p.ours() && tx.grant.DPoP && p.verified.Signer != nil && p.verified.Signer.ID() != "":
			return &fault{KeyBound, nil}
		}
	}
	return nil
}

// lookUp reads the document of every token that carries the claim, once for
// each user (law F5).
func (tx *transaction) lookUp(ctx context.Context) *fault {
	query := tx.query(time.Now())
	type answer struct {
		document Document
		err      error
	}
	answers := map[User]answer{}
	for _, p := range tx.parts {
		if !tx.carries(p) {
			continue
		}
		query.User = tx.user(p.token.payload)
		a, asked := answers[query.User]
		if !asked {
			a.document, a.err = tx.documentOf(ctx, query)
			answers[query.User] = a
		}
		if f := tx.take(p, a.document, a.err); f != nil {
			return f
		}
	}
	return nil
}

// take gives a token what was found of its user.
func (tx *transaction) take(p *part, d Document, err error) *fault {
	switch {
	case errors.Is(err, ErrNoDocument):
		p.reason = NoDocument
		tx.noticeClaim(p.token)
	case isRejection(err):
		return &fault{Rejected, err}
	case err != nil:
		return &fault{Unavailable, err}
	case len(d.JSON) > tx.o.MaxSize:
		return &fault{TooLarge, tx.tooLarge(d)}
	default:
		p.document = d
	}
	return nil
}

func (e *Enricher) tooLarge(d Document) error {
	return &SizeError{"document", len(d.JSON), "claim.max_size is", e.o.MaxSize}
}

// ask asks the source, but not for nobody.
func (e *Enricher) ask(ctx context.Context, q Query) (Document, error) {
	if q.User == (User{}) {
		return Document{}, ErrNoDocument
	}
	return e.o.Source.Lookup(ctx, q)
}

// noticeClaim warns, once, of a claim of our name that we did not write and
// that stays because there is no document (law H2).
func (e *Enricher) noticeClaim(t *Token) {
	if t.Claim(e.o.Claim) != nil {
		e.warnClaim.Do(func() {
			e.o.Logger.Warn("the backend's own tokens have a claim of our name, and it stays where a user has no document: choose another claim.name", "claim", e.o.Claim)
		})
	}
}

// graft signs every token that gets the claims, access tokens first, for the
// id_tokens speak of them.
func (tx *transaction) graft(ctx context.Context) *fault {
	f := tx.sign(tx.documentClaims)
	if f != nil {
		return f
	}
	for _, p := range tx.parts {
		if p.raw != "" && p.document.JSON != nil {
			tx.age.Record(ctx, time.Since(p.document.ReadAt).Seconds())
		}
	}
	return nil
}

// done tells the outcome of a grant that nothing was wrong with.
func (tx *transaction) done() []Outcome {
	for _, p := range tx.parts {
		switch {
		case p.raw == "" || p.reason != "":
		case p.document.Stale:
			p.reason = Stale
		default:
			p.reason = OK
		}
	}
	return tx.outcomes()
}

// failed tells the outcome of a grant with a fault. Its tokens stay as the
// backend issued them, but that under the policy pass those that should carry
// the document say that they miss it, where that is asked for.
func (tx *transaction) failed(f *fault) []Outcome {
	marked := tx.marked(f)
	for _, p := range tx.parts {
		if !marked {
			p.raw = ""
		}
		if p.ours() && p.reason == "" && tx.wouldChange(p) {
			p.reason, p.err = f.reason, f.err
		}
	}
	return tx.outcomes()
}

func (tx *transaction) outcomes() []Outcome {
	outcomes := make([]Outcome, len(tx.parts))
	for i, p := range tx.parts {
		aside := p.reason.Blocks() && !tx.hinders(p)
		outcomes[i] = Outcome{Raw: cmp.Or(p.raw, p.issued.Raw), Reason: p.reason, Err: p.err, aside: aside}
	}
	return outcomes
}

// wouldChange reports whether a token that verified would go out changed if
// nothing were wrong: it carries the claims, or speaks of a token that does.
func (tx *transaction) wouldChange(p *part) bool {
	return tx.kinds[p.issued.Kind] || tx.boundAccess(p) != nil
}

// marked signs tokens that say that their document is missing for a failure. It
// leaves a grant alone in which a token did not verify: that one could be tied
// to the others.
func (tx *transaction) marked(f *fault) bool {
	if !tx.grant.Mark || tx.o.Freshness == "" || f.reason != Unavailable && f.reason != TooLarge {
		return false
	}
	if slices.ContainsFunc(tx.parts, tx.hinders) {
		return false
	}
	return tx.sign(tx.faultClaims) == nil
}
