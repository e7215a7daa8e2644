package attack_test

import (
	"bytes"
	"compress/flate"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

// issuers have the backend's keys, and the attacker's.
type issuers struct{ rsa, ec, ed, hs, mallory *enrichtest.Issuer }

func newIssuers(t *testing.T) issuers {
	i := issuers{
		rsa: enrichtest.NewIssuer(t, "RS256"), ec: enrichtest.NewIssuer(t, "ES256"), ed: enrichtest.NewIssuer(t, "EdDSA"),
		hs: enrichtest.NewIssuer(t, "HS256"), mallory: enrichtest.NewIssuer(t, "ES256"),
	}
	i.mallory.KeyID = "mallory"
	return i
}

// forge returns a token with the signature that sign returns.
func forge(header, claims string, sign func(signed string) []byte) string {
	signed := enrichtest.EncodeSegment(header) + "." + enrichtest.EncodeSegment(claims)
	return signed + "." + enrichtest.EncodeSegment(string(sign(signed)))
}

func hmacWith(key []byte) func(string) []byte {
	return func(signed string) []byte {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(signed))
		return mac.Sum(nil)
	}
}

func bytesOf(signature string) func(string) []byte {
	return func(string) []byte { return []byte(signature) }
}

// jwkOf returns the public key of an issuer.
func jwkOf(issuer *enrichtest.Issuer) string {
	return strings.TrimSuffix(strings.TrimPrefix(e2e.JWKS(issuer), `{"keys":[`), `]}`)
}

// decode undoes [enrichtest.EncodeSegment].
func decode(part string) string {
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		panic(err)
	}
	return string(text)
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// nextLetter returns the letter that differs only in the last of its six bits.
func nextLetter(letter byte) byte { return alphabet[strings.IndexByte(alphabet, letter)^1] }

// deflated compresses a text.
func deflated(text string) string {
	var out bytes.Buffer
	w, _ := flate.NewWriter(&out, flate.BestCompression)
	w.Write([]byte(text))
	w.Close()
	return out.String()
}

// short shortens a long text.
func short(text string) string {
	if len(text) > 30 {
		return fmt.Sprintf("%s… (%d bytes)", text[:8], len(text))
	}
	return text
}
