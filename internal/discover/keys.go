package discover

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/keys"
	"github.com/tokengraft/tokengraft/proxy"
)

// Keys is how the backend's tokens can be verified.
type Keys struct {
	OIDC           bool     // the backend has a discovery document that works
	Discovery      string   // its path, if it is not the usual one
	JWKS           string   // the URL of its key set; empty if none fits
	Algorithms     []string // of the tokens
	NeedsSecret    bool     // tokens are signed with a secret
	NeedsPublicKey bool     // tokens are signed with a private key whose public key was not found
	SecretEncoding string   // of the secret that verifies them; empty if none does
	SecretEnd      string   // the line end with which the secret verifies them; empty without one
	Issuer         []string // of the tokens; empty if it should not be checked
	Audience       []string // that all tokens have; empty if it should not be checked
	// Rules are those that the discovery document makes. A site that one of them covers
	// does not need a rule.
	Rules []proxy.Rule
	Notes []string // sentences for the comments
}

func (k *Keys) note(format string, args ...any) {
	k.Notes = append(k.Notes, fmt.Sprintf(format, args...))
}

// probeTimeout limits all requests of [ProbeKeys] together.
const probeTimeout = 20 * time.Second

// ProbeKeys asks the backend for its keys, and tries which of them verify the tokens of an
// analysis. The client is one of [proxy.NewClient], which does not leave the backend. It
// sends GET requests only, at most 50. The exchanges are those of the analysis.
func ProbeKeys(ctx context.Context, client *http.Client, backend *url.URL, secret []byte, a Analysis, exchanges []Exchange) Keys {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	tokens := parseTokens(a.Tokens)
	k := Keys{Algorithms: algorithms(tokens)}
	k.unsupported(tokens)
	withSecret, withKey := bySignature(tokens)
	k.NeedsSecret = len(withSecret) > 0
	k.parties(tokens, exchanges)
	p := prober{client: client, backend: backend, left: maxProbes}
	k.discovery(ctx, &p, tokens, exchanges)
	if len(withKey) > 0 && k.JWKS == "" {
		k.keySet(ctx, &p, withKey, exchanges)
	}
	if len(withSecret) > 0 {
		k.secret(ctx, secret, withSecret)
	}
	k.clock(tokens, exchanges)
	return k
}

// parseTokens returns the tokens that can be read, each once.
func parseTokens(texts []string) (tokens []*enrich.Token) {
	for _, text := range texts {
		t, err := enrich.ParseToken(text)
		same := func(known *enrich.Token) bool { return known.SigningInput == t.SigningInput }
		if err == nil && !slices.ContainsFunc(tokens, same) {
			tokens = append(tokens, t)
		}
	}
	return tokens
}

func algorithms(tokens []*enrich.Token) (names []string) {
	for _, t := range tokens {
		if name := printableAlgorithm(t.Algorithm); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func algorithmsOf(tokens []*enrich.Token) string { return strings.Join(algorithms(tokens), ", ") }

// printableAlgorithm returns the name of an algorithm if it may be printed. It comes from
// a token that is not verified.
func printableAlgorithm(name string) string {
	if len(name) > 16 || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "an unprintable name"
	}
	return name
}

// bySignature returns the tokens that are signed with a secret, and those that are signed
// with a private key. Those of other algorithms are in neither.
func bySignature(tokens []*enrich.Token) (withSecret, withKey []*enrich.Token) {
	for _, t := range tokens {
		switch {
		case !keys.Supports(t.Algorithm):
		case strings.HasPrefix(t.Algorithm, "HS"):
			withSecret = append(withSecret, t)
		default:
			withKey = append(withKey, t)
		}
	}
	return withSecret, withKey
}

// unsupported notes algorithms with which no token can be verified.
func (k *Keys) unsupported(tokens []*enrich.Token) {
	for _, name := range k.Algorithms {
		switch {
		case strings.EqualFold(name, "none"):
			k.note("Some tokens are not signed (alg none), so anyone can make them. tokengraft never accepts them: they pass without the claim")
		case !keys.Supports(name):
			k.note("Some tokens are signed with %s, which tokengraft does not support. They pass without the claim", name)
		}
	}
	withSecret, _ := bySignature(tokens)
	if perUserKeys(withSecret) {
		k.note(perUser)
	}
}

// count returns a number with a noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
