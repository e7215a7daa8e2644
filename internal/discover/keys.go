package discover

import (
	"context"
	"net/http"
	"net/url"

	"github.com/tokengraft/tokengraft/proxy"
)

// Keys is how the backend's tokens can be verified.
type Keys struct {
	OIDC           bool     // the backend has a discovery document that works
	JWKS           string   // the URL of its key set; empty if none fits
	Algorithms     []string // of the tokens
	NeedsSecret    bool     // tokens are signed with a secret
	SecretEncoding string   // of the secret that verifies them; empty if none does
	Issuer         []string
	Audience       []string
	// Rules are those that the discovery document makes. A site that one of them covers
	// needs no rule.
	Rules []proxy.Rule
	Notes []string // sentences for the comments
}

// ProbeKeys asks the backend for its keys, and tries which of them verify the tokens.
// The client is one of [proxy.NewClient].
func ProbeKeys(ctx context.Context, client *http.Client, backend *url.URL, secret []byte, tokens []string) Keys {
	return Keys{}
}
