package enrich

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"math"
	"slices"
	"time"
)

// query returns the age limits of the grant's documents (laws F1 and F2). The
// user is not set.
func (tx *transaction) query(now time.Time) Query {
	maxAge := time.Duration(math.MaxInt64) // used only if a user is looked up
	for _, c := range tx.candidates {
		if tx.looksUp(c) {
			maxAge = min(maxAge, tx.maxAge(c.Verified, now))
		}
	}
	q := Query{NotBefore: now.Add(-maxAge), KeepUntil: now.Add(maxAge)}
	if tx.grant.Cause.needsFreshRead() || tx.o.FreshLogins {
		q.NotBefore = tx.grant.Answered
	}
	return q
}

// maxAge returns how old the document of a token may be: as long as the token lives, and
// at most MaxAge.
func (e *Enricher) maxAge(v Verified, now time.Time) time.Duration {
	if v.ExpiresAt.IsZero() {
		return e.o.MaxAge
	}
	age := e.lifeOf(v, now)
	if e.o.MaxAge > 0 {
		age = min(age, e.o.MaxAge)
	}
	return age
}

// lifeOf returns a token's remaining lifetime, but at most the lifetime it was issued
// with. It is 0 for a token that does not end.
func (e *Enricher) lifeOf(v Verified, now time.Time) time.Duration {
	if v.ExpiresAt.IsZero() {
		return 0
	}
	life := v.ExpiresAt.Sub(now)
	if !v.IssuedAt.IsZero() {
		life = min(life, v.ExpiresAt.Sub(v.IssuedAt))
	}
	return max(life, 0)
}

// A lookup is what is known about one user: the document or an error.
type lookup struct {
	user     User
	document Document
	err      error
}

// lookUpAll finds the document of every token that gets the claims, with one lookup
// per user (law F5), and runs the hooks for these users.
func (tx *transaction) lookUpAll(ctx context.Context) (first *fault) {
	for c, found := range tx.lookups(ctx) {
		f := tx.rejectionOf(c, found)
		if f == nil && tx.getsClaim(c) {
			f = tx.setDocument(c, found.document, found.err)
		}
		first = first.or(f)
		if first != nil && !tx.runsHooks() {
			return first
		}
	}
	return first
}

// signInBlocked runs the hooks for the users of a grant that stays unenriched. Its
// only fault is a rejection.
func (tx *transaction) signInBlocked(ctx context.Context) (rejected *fault) {
	for c, found := range tx.lookups(ctx) {
		rejected = rejected.or(tx.rejectionOf(c, found))
	}
	return rejected
}

// lookups yields each token whose user is looked up, with the result of their lookup.
func (tx *transaction) lookups(ctx context.Context) iter.Seq2[*candidate, lookup] {
	return func(yield func(*candidate, lookup) bool) {
		now := time.Now()
		query := tx.query(now)
		var earlier []lookup // of other tokens
		for _, c := range tx.candidates {
			if !tx.looksUp(c) {
				continue
			}
			query.User = tx.userOf(c.token.payload)
			c.user, c.life = query.User, tx.lifeOf(c.Verified, now)
			i := slices.IndexFunc(earlier, func(l lookup) bool { return l.user == query.User })
			found := lookup{user: query.User}
			if i >= 0 {
				found = earlier[i]
			} else {
				found.document, found.err = tx.lookUpWithHooks(ctx, query)
			}
			if i < 0 && len(tx.candidates) > 1 {
				earlier = append(earlier, found)
			}
			if !yield(c, found) {
				return
			}
		}
	}
}

// looksUp reports whether the user of a token is looked up.
func (tx *transaction) looksUp(c *candidate) bool {
	return tx.getsClaim(c) || tx.othersSignIn && c.isVerified
}

// runsHooks reports whether hooks run for the users of the grant.
func (tx *transaction) runsHooks() bool {
	return tx.o.Hooks != nil && !tx.forClient && !tx.grant.UserInfo
}

// rejectionOf returns the fault of a token whose user a hook rejected. It marks a token
// whose user the hooks could not decide about.
func (tx *transaction) rejectionOf(c *candidate, found lookup) *fault {
	switch {
	case isRejection(found.err):
		return &fault{Rejected, found.err}
	case found.err != nil && !errors.Is(found.err, ErrNoDocument):
		c.undecided = true
	}
	return nil
}

// lookUp asks the source for a document. The zero user has none.
func (e *Enricher) lookUp(ctx context.Context, q Query) (Document, error) {
	if q.User == (User{}) {
		return Document{}, ErrNoDocument
	}
	return e.o.Source.Lookup(ctx, q)
}

// lookUpWithHooks runs the hooks for a user and returns the user's document after
// that. Create runs first, then SigningIn and SignedIn.
func (tx *transaction) lookUpWithHooks(ctx context.Context, q Query) (Document, error) {
	if !tx.runsHooks() || q.User == (User{}) {
		return tx.lookUp(ctx, q)
	}
	hooks, s := tx.o.Hooks, tx.signIn(q.User)
	document, err := tx.lookUpOrCreate(ctx, q, s)
	if !s.Cause.signsIn() || isRejection(err) {
		return document, err
	}
	s.Document = tx.hookDocument(document)
	if (err == nil || errors.Is(err, ErrNoDocument)) && hooks.SigningIn(ctx, s) {
		q.NotBefore = time.Now()
		document, err = tx.lookUp(ctx, q)
		s.Document = tx.hookDocument(document)
	}
	hooks.SignedIn(ctx, s)
	return document, err
}

// lookUpOrCreate returns the document of a user. If they have none, the hook
// Create may create it.
func (tx *transaction) lookUpOrCreate(ctx context.Context, q Query, s SignIn) (Document, error) {
	document, err := tx.lookUp(ctx, q)
	if !errors.Is(err, ErrNoDocument) {
		return document, err
	}
	if err := tx.o.Hooks.Create(ctx, s); err != nil {
		return Document{}, err
	}
	q.NotBefore = time.Now()
	return tx.lookUp(ctx, q)
}

// hookDocument returns the part of a document that hooks see: nil if it is too
// large for a token.
func (tx *transaction) hookDocument(d Document) json.RawMessage {
	if len(d.JSON) > tx.o.MaxSize {
		return nil
	}
	return d.JSON
}

// signIn describes a user of the grant for the hooks.
func (tx *transaction) signIn(user User) SignIn {
	s := SignIn{User: user, Provider: tx.grant.Provider, Cause: tx.grant.Cause, At: tx.grant.Answered}
	for _, c := range tx.candidates {
		if c.isVerified && tx.userOf(c.token.payload) == user {
			s.Claims = append(s.Claims, c.token.payload.Bytes())
		}
	}
	return s
}
