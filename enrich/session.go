package enrich

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
)

// A Session is what a verified token of a client says.
type Session struct {
	User User
	// Claims are the payload of the token as the backend signed it. Shared and read-only.
	Claims json.RawMessage
	// Document is the document that an enriched token carries, and nil if the token is
	// not enriched or the user had no document. Shared and read-only.
	Document json.RawMessage
}

// Authenticate verifies a token that a client sent as a bearer token, original or
// enriched, and returns who the client is.
//
// The document comes only from a token that has the record which restores its original,
// because without it the claim could be the backend's own.
//
// The errors are those of [ParseToken] and [Ring.Verify]. The error is [ErrExpired] if the
// token is expired and otherwise valid, and wraps [ErrNotOurs] if the token does not
// identify a user, is a refresh token, or is bound to a key: a bearer must not use it (RFC
// 9449, section 7.1).
func (e *Enricher) Authenticate(ctx context.Context, token string) (Session, error) {
	var document json.RawMessage
	if original, ok := e.Restore(token); ok {
		if t, err := ParseToken(token); err == nil {
			document = slices.Clone(t.Claim(e.o.Claim))
		}
		token = original
	}
	t, err := ParseToken(token)
	if err != nil {
		return Session{}, err
	}
	if _, err := e.o.Ring.Verify(ctx, t); err != nil {
		return Session{}, err
	}
	user := e.userOf(t.payload)
	switch {
	case user == (User{}):
		return Session{}, fmt.Errorf("%w: it does not identify a user", ErrNotOurs)
	case saysRefresh(t):
		return Session{}, fmt.Errorf("%w: it is a refresh token", ErrNotOurs)
	case t.Claim("cnf") != nil:
		return Session{}, fmt.Errorf("%w: it is bound to a key (cnf), so it is not a bearer token", ErrNotOurs)
	}
	return Session{User: user, Claims: t.payload.Bytes(), Document: document}, nil
}
