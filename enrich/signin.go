package enrich

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// A SignIn is what [Hooks] learn of a user to whom the backend has issued tokens.
// The tokens are verified.
type SignIn struct {
	User User
	// Provider is how the user signed in, if the request says so.
	Provider string
	// Refresh says that the tokens were issued for a refresh token.
	Refresh bool
	// At is when the backend answered.
	At time.Time
	// Claims are the payloads of the user's tokens, in the order of the grant.
	// They are shared and read-only.
	Claims []json.RawMessage
	// Document is the user's document; nil if they have none, or if it has not
	// been looked up. It is shared and read-only.
	Document json.RawMessage
}

// Identify returns the user of a token, which may be an original or an enriched
// one. Its errors are those of [ParseToken] and of [Ring], and [ErrNotOurs] if
// the token names no user.
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
		return SignIn{}, fmt.Errorf("%w: it names no user", ErrNotOurs)
	}
	return SignIn{User: user, At: time.Now(), Claims: []json.RawMessage{t.payload.Bytes()}}, nil
}
