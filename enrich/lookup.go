package enrich

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"time"
)

// query returns the age limits of the grant's documents (laws F1 and F2). The
// user is not set.
func (tx *transaction) query(now time.Time) Query {
	maxAge := time.Duration(math.MaxInt64) // used only if a token gets the claims
	for _, c := range tx.candidates {
		if tx.getsClaim(c) {
			maxAge = min(maxAge, tx.maxAge(c.Verified, now))
		}
	}
	q := Query{NotBefore: now.Add(-maxAge), KeepUntil: now.Add(maxAge)}
	if tx.grant.Refresh {
		q.NotBefore = tx.grant.Answered
	}
	return q
}

// maxAge returns how old the document of a token may be: the token's remaining
// lifetime, but at most the lifetime it was issued with.
func (e *Enricher) maxAge(v Verified, now time.Time) time.Duration {
	if v.ExpiresAt.IsZero() {
		return e.o.MaxAge
	}
	age := v.ExpiresAt.Sub(now)
	if !v.IssuedAt.IsZero() {
		age = min(age, v.ExpiresAt.Sub(v.IssuedAt))
	}
	if e.o.MaxAge > 0 {
		age = min(age, e.o.MaxAge)
	}
	return max(age, 0)
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
	hooks := tx.o.Hooks
	if hooks == nil || tx.grant.ClientCredentials || q.User == (User{}) {
		return tx.lookUp(ctx, q)
	}
	s := tx.signIn(q.User)
	document, err := tx.lookUpOrCreate(ctx, q, s)
	if s.Refresh || isRejection(err) {
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
	s := SignIn{User: user, Provider: tx.grant.Provider, Refresh: tx.grant.Refresh, At: tx.grant.Answered}
	for _, c := range tx.candidates {
		if c.isVerified() && tx.userOf(c.token.payload) == user {
			s.Claims = append(s.Claims, c.token.payload.Bytes())
		}
	}
	return s
}
