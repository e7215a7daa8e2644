package enrich

import "context"

// Hooks are functions of the embedding program that [Enricher.Enrich] calls for
// each user of a grant, after their tokens were verified and before they are
// returned. Hooks also run if something else keeps the grant unenriched, such as a
// DPoP binding or another token that does not verify. A hook must limit its own
// waiting time. No hook runs for a grant with [Grant.ClientCredentials], or for a
// token that does not identify a user. If no token that gets the claims identifies
// one, hooks run for the users of the other verified tokens.
type Hooks interface {
	// Create runs at a login or refresh of a user who has no document, and may
	// create it. If it returns nil, the document is looked up again. It returns
	// [ErrNoDocument] if it created none, and a [*Rejection] if the user must get
	// no tokens. Any other error counts as a failed lookup.
	Create(ctx context.Context, s SignIn) error
	// SigningIn runs at each login, or possible login, whose lookup did not fail, before the tokens
	// are signed. It reports whether the document may have changed; if so, the
	// document is looked up again.
	SigningIn(ctx context.Context, s SignIn) (changed bool)
	// SignedIn runs at each login, or possible login, that Create did not reject, after SigningIn, and
	// also if the lookup failed. It must return at once: work that takes time
	// belongs in the background.
	SignedIn(ctx context.Context, s SignIn)
}
