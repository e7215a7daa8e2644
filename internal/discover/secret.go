package discover

import (
	"context"
	"strings"
	"time"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/keys"
)

// anyAge is a leeway with which a token of an old recording is not expired.
const anyAge = 200 * 365 * 24 * time.Hour

// A secretForm is a way to read a secret.
type secretForm struct {
	encoding config.SecretEncoding
	// newline is what the backend has after the text of the secret, because it reads
	// a file with it.
	newline string
}

// secretForms are the ways, the usual one first.
var secretForms = []secretForm{
	{config.TextSecret, ""}, {config.Base64Secret, ""}, {config.Base64URLSecret, ""}, {config.HexSecret, ""},
	{config.TextSecret, "\n"}, {config.TextSecret, "\r\n"},
}

// trySecret returns the form in which a secret verifies the most tokens, and how many. The
// secret may end with a line end, which an editor has added.
func trySecret(ctx context.Context, secret []byte, tokens []*enrich.Token) (best secretForm, verified int) {
	text := strings.TrimRight(string(secret), "\r\n")
	for _, form := range secretForms {
		v := config.Verify{Secret: config.NewSecret(text + form.newline), SecretEncoding: form.encoding}
		key, err := v.SecretKey()
		if err != nil || len(key) == 0 {
			continue
		}
		ring, err := keys.Open(keys.Options{Secret: key, Leeway: anyAge})
		if err != nil {
			continue
		}
		if n := countVerified(ctx, ring, tokens); n > verified {
			best, verified = form, n
		}
	}
	return best, verified
}

// countVerified returns how many tokens a ring verifies.
func countVerified(ctx context.Context, ring *keys.Ring, tokens []*enrich.Token) (n int) {
	for _, t := range tokens {
		if _, err := ring.Verify(ctx, t); err == nil {
			n++
		}
	}
	return n
}

// secret tries a secret with the tokens that are signed with one.
func (k *Keys) secret(ctx context.Context, secret []byte, tokens []*enrich.Token) {
	if len(secret) == 0 {
		k.note("Tokens are signed with a secret (%s). It is in the settings of the backend, often as JWT_SECRET, SECRET_KEY, SIGNING_KEY or APP_KEY. Run discover again with it in the environment variable JWT_SECRET, or with --secret-file, and discover tests it", algorithmsOf(tokens))
		return
	}
	form, n := trySecret(ctx, secret, tokens)
	switch {
	case n == 0 && perUserKeys(tokens):
		k.note("The secret verifies no token. %s", perUser)
	case n == 0:
		k.note("The secret that was given is wrong: it verifies none of %s, as text, base64, base64url or hex, with and without a line end. Look for another one in the settings of the backend", count(len(tokens), "token"))
	case form.newline != "":
		k.SecretEnd = form.newline
		k.SecretEncoding = string(config.TextSecret)
		k.note("The secret verifies %d of %s only with a line end after it: the backend reads a file and keeps its last line end. verify.secret has it too. Do not use secret_file, which leaves it out", n, count(len(tokens), "token"))
	default:
		k.SecretEncoding = string(form.encoding)
		if n < len(tokens) {
			k.note("The secret verifies %d of %s. The others pass without the claim", n, count(len(tokens), "token"))
		}
	}
}

// perUser is the note about backends that [perUserKeys] recognizes.
const perUser = "The tokens look like those of PocketBase, which signs the tokens of each user with another key. tokengraft does not support that: no setting verifies them"

// perUserKeys reports whether tokens look like those of PocketBase: it names the
// collection of the user, and signs with a key that has a part of the user's record.
func perUserKeys(tokens []*enrich.Token) bool {
	for _, t := range tokens {
		if t.Claim("collectionId") == nil || t.Claim("id") == nil || t.Claim("type") == nil {
			return false
		}
	}
	return len(tokens) > 0
}
