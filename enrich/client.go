package enrich

import (
	"encoding/json"
	"slices"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// isForClient reports whether the grant was issued to a client: the request says so, and
// the verified tokens do not say otherwise.
func (tx *transaction) isForClient() bool {
	return tx.grant.ClientCredentials && !slices.ContainsFunc(tx.candidates, func(c *candidate) bool {
		return c.isVerified && len(tx.grant.Client) > 0 && !namesClient(c.token.payload, tx.grant.Client)
	})
}

// clientClaims are where tokens name the client that they were issued to: azp (OpenID
// Connect Core, section 2), client_id (RFC 9068, section 2.2), and cid and appid of Okta
// and Microsoft. Spring and others have the client in aud.
var clientClaims = []string{"azp", "client_id", "cid", "appid", "aud"}

// namesClient reports whether a token names a client by one of its ids.
func namesClient(payload *jsonedit.Object, ids []string) bool {
	return slices.ContainsFunc(clientClaims, func(claim string) bool {
		return slices.ContainsFunc(textsOf(payload.Value(claim)), func(text string) bool {
			return text != "" && slices.Contains(ids, text)
		})
	})
}

// textsOf returns a claim that is a string or an array of strings.
func textsOf(value []byte) (texts []string) {
	if text, ok := jsonedit.Unquote(value); ok {
		return []string{text}
	}
	if json.Unmarshal(value, &texts) != nil {
		return nil
	}
	return texts
}
