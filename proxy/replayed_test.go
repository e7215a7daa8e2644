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
	atHash       = regexp.MustCompile(`"at_hash":"([^"]+)"`)
	keyID        = regexp.MustCompile(`"kid":"[^"]+"`)
	restoreParam = regexp.MustCompile(`,"tgr":"[\w-]+"}$`)
)

// checkEnriched checks an enriched token of a response whose tokens changed as
// told: it verifies with the merged JWK Set, restores to the original, and
// differs from it by the document alone, or by an at_hash that is true again.
func (r *replay) checkEnriched(t *testing.T, original, enriched string, tokens map[string]string) {
	t.Helper()
	if restored, ok := r.enricher.Restore(enriched); !ok || restored != original {
		t.Error("the enriched token does not restore to the original")
	}
	r.checkSignature(t, enriched)
	header, claims := enrichtest.DecodeToken(t, original)
	gotHeader, gotClaims := enrichtest.DecodeToken(t, enriched)
	wantClaims := strings.TrimSuffix(claims, "}") + `,"custom_data":{"lang":"en"}}`
	if hash := atHash.FindStringSubmatch(claims); hash != nil {
		wantClaims = strings.Replace(claims, hash[1], hashOfEnriched(t, hash[1], tokens), 1)
	}
	if gotClaims != wantClaims {
		t.Errorf("claims %s\nwant   %s", gotClaims, wantClaims)
	}
	if want := withKey(header, gotHeader); gotHeader != want {
		t.Errorf("header %s\nwant   %s", gotHeader, want)
	}
}

// withKey returns a header with the key id of another, and with what that has
// for restoring: all else must stay.
func withKey(header, from string) string {
	id := keyID.FindString(from)
	if keyID.MatchString(header) {
		header = keyID.ReplaceAllString(header, id)
	} else {
		header = strings.TrimSuffix(header, "}") + "," + id + "}"
	}
	return strings.TrimSuffix(header, "}") + restoreParam.FindString(from)
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
		t.Errorf("the merged JWK Set does not verify: %v", err)
	}
}

// hashOfEnriched returns the at_hash of the enriched token whose original has
// the given one.
func hashOfEnriched(t *testing.T, of string, tokens map[string]string) string {
	t.Helper()
	for original, enriched := range tokens {
		if halfHash(original) == of {
			return halfHash(enriched)
		}
	}
	t.Errorf("an id_token was signed anew, and the access token of its at_hash is the original")
	return of
}

// halfHash is at_hash under RS256 (OpenID Connect Core, section 3.1.3.6).
func halfHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
}
