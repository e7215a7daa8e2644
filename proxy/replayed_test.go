package proxy_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
)

var (
	atHash = regexp.MustCompile(`"at_hash":"([^"]+)"`)
	keyID  = regexp.MustCompile(`"kid":"[^"]+"`)
)

// checkEnriched checks an enriched token of a response. The token must verify with the
// merged JWK Set and restore to its original. Only the document and a corrected at_hash
// may differ. tokens has the enriched tokens of the response by their originals.
func (r *replay) checkEnriched(t *testing.T, original, enriched string, tokens map[string]string) {
	t.Helper()
	if restored, ok := r.enricher.Restore(enriched); !ok || restored != original {
		t.Errorf("Restore(%s) = %s, %t; want the original %s", enriched, restored, ok, original)
	}
	r.checkSignature(t, enriched)
	header, claims := enrichtest.DecodeToken(t, original)
	gotHeader, gotClaims := enrichtest.DecodeToken(t, enriched)
	wantClaims := strings.TrimSuffix(claims, "}") + `,"custom_data":{"lang":"en"}}`
	if hash := atHash.FindStringSubmatch(claims); hash != nil {
		wantClaims = strings.Replace(claims, hash[1], hashOfEnriched(t, hash[1], tokens), 1)
	}
	if gotClaims, record := enrichtest.CutRecord(gotClaims); gotClaims != wantClaims || record == "" {
		t.Errorf("claims %s\nwant   %s", gotClaims, wantClaims)
	}
	if want := withKey(header, gotHeader); gotHeader != want {
		t.Errorf("header %s\nwant   %s", gotHeader, want)
	}
}

// withKey returns a token's header with the kid of another header.
func withKey(header, from string) string {
	id := keyID.FindString(from)
	if keyID.MatchString(header) {
		return keyID.ReplaceAllString(header, id)
	}
	return strings.TrimSuffix(header, "}") + "," + id + "}"
}

func (r *replay) checkSignature(t *testing.T, token string) {
	t.Helper()
	text, _, err := r.ring.JWKS()
	if err != nil {
		t.Fatal(err)
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(text, &set); err != nil {
		t.Fatal(err)
	}
	signed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := signed.Verify(set); err != nil {
		t.Errorf("verifying %s with the merged JWK Set: %v", token, err)
	}
}

// hashOfEnriched returns the at_hash of the enriched token whose original has the given
// at_hash.
func hashOfEnriched(t *testing.T, of string, tokens map[string]string) string {
	t.Helper()
	for original, enriched := range tokens {
		if halfHash(original) == of {
			return halfHash(enriched)
		}
	}
	t.Errorf("an id_token was enriched, but the access token of its at_hash %s was not", of)
	return of
}

// halfHash returns the at_hash of an access token, if the id_token has the algorithm RS256
// (OpenID Connect Core, section 3.1.3.6).
func halfHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
}
