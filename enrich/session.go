package enrich

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// A Session is what a verified token of a client says.
type Session struct {
	User User
	// Claims are the payload of the token, as the backend signed it if the token can be
	// restored. Shared and read-only.
	Claims json.RawMessage
	// Enriched means that the token is an enriched one that can be restored. Its Document
	// is the one that it carries, and nil if the user had none.
	Enriched bool
	// Document is shared and read-only.
	Document json.RawMessage
}

// An ownVerifier is a [Ring] that can verify enriched tokens that cannot be restored. The
// Ring of package enrich/keys can.
type ownVerifier interface {
	// VerifyOwn is like Verify, for a token that one of our own keys signed.
	VerifyOwn(t *Token) error
}

// Authenticate verifies a token that a client sent as a bearer token, original or
// enriched, and returns who the client is.
//
// The errors are those of [ParseToken] and [Ring.Verify]. The error wraps [ErrExpired] if
// the token has expired and is valid otherwise. It wraps [ErrNotOurs] if the token does not
// identify a user, is a refresh token, or is bound to a key: a bearer must not use it (RFC
// 9449, section 7.1).
func (e *Enricher) Authenticate(ctx context.Context, token string) (Session, error) {
	original, restored := e.Restore(token)
	if !restored {
		original = token
	}
	t, err := ParseToken(original)
	if err != nil {
		return Session{}, err
	}
	if err := e.verifyBearer(ctx, t); err != nil {
		return Session{}, err
	}
	s := Session{User: e.userOf(t.payload), Claims: t.payload.Bytes(), Enriched: restored}
	if s.User == (User{}) {
		return Session{}, fmt.Errorf("%w: it does not identify a user", ErrNotOurs)
	}
	if restored {
		s.Document = e.embedded(token, t)
	}
	return s, nil
}

// verifyBearer verifies a token as the one of its bearer.
func (e *Enricher) verifyBearer(ctx context.Context, t *Token) error {
	_, err := e.o.Ring.Verify(ctx, t)
	if ring, ok := e.o.Ring.(ownVerifier); ok && errors.Is(err, ErrOwnKey) {
		err = ring.VerifyOwn(t)
	}
	switch {
	case err != nil:
		return err
	case saysRefresh(t):
		return fmt.Errorf("%w: it is a refresh token", ErrNotOurs)
	case t.Claim("cnf") != nil:
		return fmt.Errorf("%w: it is bound to a key (cnf), so a bearer cannot use it", ErrNotOurs)
	}
	return nil
}

// embedded returns the document in an enriched token, or nil if it has none. A claim that
// the original has too is the backend's own: it stays if the user has no document (law
// H2).
func (e *Enricher) embedded(enriched string, original *Token) json.RawMessage {
	t, err := ParseToken(enriched)
	if err != nil {
		return nil // cannot happen: it was restored
	}
	document := t.Claim(e.o.Claim)
	if bytes.Equal(document, original.Claim(e.o.Claim)) {
		return nil
	}
	return slices.Clone(document)
}
