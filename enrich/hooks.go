package enrich

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// A SignIn is what a grant says of a user, as hooks see him: the backend has
// issued tokens to him, and they verified.
type SignIn struct {
	User User
	// Provider is how the user signed in, if the request says so.
	Provider string
	// Refresh says that the tokens were issued for a refresh token.
	Refresh bool
	// At is when the backend answered.
	At time.Time
	// Claims are the payloads of the user's tokens, in the order of the grant.
	// They are shared: nobody may write to them.
	Claims []json.RawMessage
	// Document is his document; nil where there is none, or it has not been
	// looked up. It is shared, too.
	Document json.RawMessage
}

// Hooks act when users sign in, before their tokens leave. They bound their own
// waits.
type Hooks interface {
	// Create is asked to make the document of a user who has none. When it
	// returns nil the document is looked up again. [ErrNoDocument] says that the
	// user is to have none; a [*Rejection], that he is to get no tokens.
	Create(ctx context.Context, s SignIn) error
	// SigningIn is told of a login, with the document if there is one, unless
	// that could not be looked up. It reports whether the document may have
	// changed by it, and so is to be looked up again.
	SigningIn(ctx context.Context, s SignIn) (changed bool)
	// SignedIn is told of the same login after that. It does not wait.
	SignedIn(ctx context.Context, s SignIn)
}

// A Rejection is the error of a hook by which a user gets no tokens.
type Rejection struct {
	// Code is one word of App Services' error codes, such as
	// FunctionExecutionError.
	Code string
	// Message is for the client, in the words of whoever wrote the hook. It is
	// not for logs, for it may name the user.
	Message string
}

// Error implements error without the message.
func (r *Rejection) Error() string { return "a hook let no token leave: " + r.Code }

// Identify says whose token this is, an original or an enriched one. Errors are
// those of [ParseToken] and of [Ring]; that it names nobody is [ErrNotOurs].
func (e *Enricher) Identify(ctx context.Context, token string) (SignIn, error) {
	if original, ok := e.Restore(token); ok {
		token = original
	}
	parsed, err := ParseToken(token)
	if err != nil {
		return SignIn{}, err
	}
	if _, err := e.o.Ring.Verify(ctx, parsed); err != nil {
		return SignIn{}, err
	}
	user := e.user(parsed.payload)
	if user == (User{}) {
		return SignIn{}, fmt.Errorf("%w: it names nobody", ErrNotOurs)
	}
	return SignIn{User: user, At: time.Now(), Claims: []json.RawMessage{parsed.payload.Bytes()}}, nil
}

func isRejection(err error) bool {
	_, ok := errors.AsType[*Rejection](err)
	return ok
}

// documentOf returns the document of a user of the grant, after the hooks that
// concern him: first he is created, then he signs in.
func (tx *transaction) documentOf(ctx context.Context, q Query) (Document, error) {
	hooks := tx.o.Hooks
	if hooks == nil || tx.grant.Client || q.User == (User{}) {
		return tx.ask(ctx, q)
	}
	s := tx.signIn(q.User)
	document, err := tx.makeSure(ctx, q, s)
	if s.Refresh || isRejection(err) {
		return document, err
	}
	s.Document = tx.shown(document)
	if (err == nil || errors.Is(err, ErrNoDocument)) && hooks.SigningIn(ctx, s) {
		q.NotBefore = time.Now()
		document, err = tx.ask(ctx, q)
		s.Document = tx.shown(document)
	}
	hooks.SignedIn(ctx, s)
	return document, err
}

// makeSure returns the document of a user, which is made if there is none.
func (tx *transaction) makeSure(ctx context.Context, q Query, s SignIn) (Document, error) {
	document, err := tx.ask(ctx, q)
	if !errors.Is(err, ErrNoDocument) {
		return document, err
	}
	if err := tx.o.Hooks.Create(ctx, s); err != nil {
		return Document{}, err
	}
	q.NotBefore = time.Now()
	return tx.ask(ctx, q)
}

// shown is what hooks see of a document: nothing of one that no token can carry.
func (tx *transaction) shown(d Document) json.RawMessage {
	if len(d.JSON) > tx.o.MaxSize {
		return nil
	}
	return d.JSON
}

// signIn collects what the grant says of the user.
func (tx *transaction) signIn(user User) SignIn {
	s := SignIn{User: user, Provider: tx.grant.Provider, Refresh: tx.grant.Refresh, At: tx.grant.Answered}
	for _, p := range tx.parts {
		if p.ours() && tx.user(p.token.payload) == user {
			s.Claims = append(s.Claims, p.token.payload.Bytes())
		}
	}
	return s
}
