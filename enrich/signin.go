package enrich

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// A SignIn describes to [Hooks] a user to whom the backend has just issued
// tokens. The tokens are verified.
type SignIn struct {
	User User
	// Provider is [Grant.Provider]: the authentication provider that the user
	// signed in with. It is empty if the request does not say.
	Provider string
	// Cause is [Grant.Cause]: why the tokens were issued.
	Cause Cause
	// At is when the backend answered. [Enricher.Identify] sets it to the current
	// time.
	At time.Time
	// Claims are the payloads of the user's tokens, in the order of the grant.
	// They are shared and read-only.
	Claims []json.RawMessage
	// Document is the user's document. It is nil if they have none, if the lookup
	// failed or has not run, and if the document is too large for a token. It is
	// shared and read-only.
	Document json.RawMessage
}

// Identify verifies a token, original or enriched, and returns its user. The
// Document of the result is not set. The errors are those of [ParseToken] and
// [Ring.Verify], and [ErrNotOurs] if the token does not identify a user.
func (e *Enricher) Identify(ctx context.Context, token string) (SignIn, error) {
	if original, ok := e.Restore(token); ok {
		token = original
	}
	t, err := ParseToken(token)
	if err != nil {
		return SignIn{}, err
	}
	if _, err := e.o.Ring.Verify(ctx, t); err != nil {
		return SignIn{}, err
	}
	user := e.userOf(t.payload)
	if user == (User{}) {
		return SignIn{}, fmt.Errorf("%w: it does not identify a user", ErrNotOurs)
	}
	return SignIn{User: user, At: time.Now(), Claims: []json.RawMessage{t.payload.Bytes()}}, nil
}
