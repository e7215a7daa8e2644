package enrich

import "context"

// Hooks act when users sign in, before their tokens leave. They bound their own
// waits. None runs for [Grant.ClientCredentials].
type Hooks interface {
	// Create may create the document of a user who has none. If it returns nil,
	// the document is looked up again. [ErrNoDocument] means that the user is to
	// have none, and a [*Rejection] that they get no tokens.
	Create(ctx context.Context, s SignIn) error
	// SigningIn runs at a login, not at a refresh, unless the lookup failed. It
	// reports whether the document may have changed and must be looked up again.
	SigningIn(ctx context.Context, s SignIn) (changed bool)
	// SignedIn runs after SigningIn, and if the lookup failed instead of it. It
	// does not wait.
	SignedIn(ctx context.Context, s SignIn)
}
