package enrich

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// A claim is one member of a token's payload that we write.
type claim struct {
	name  string
	value []byte // JSON
}

// documentClaims are the claims of a token whose user was looked up.
func (e *Enricher) documentClaims(p *part) []claim {
	var claims []claim
	freshness := "absent"
	if p.document.JSON != nil {
		claims = append(claims, claim{e.o.Claim, p.document.JSON})
		if e.o.ReadAt != "" {
			readAt := strconv.FormatInt(p.document.ReadAt.Unix(), 10)
			claims = append(claims, claim{e.o.ReadAt, []byte(readAt)})
		}
		freshness = "fresh"
		if p.document.Stale {
			freshness = "stale"
		}
	}
	if e.o.Freshness != "" {
		claims = append(claims, claim{e.o.Freshness, jsonedit.Quote(freshness)})
	}
	return claims
}

// faultClaims are the claims of a token that misses its document for a failure.
func (e *Enricher) faultClaims(p *part) []claim {
	if p.reason == NoDocument {
		return e.documentClaims(p)
	}
	return []claim{{e.o.Freshness, []byte(`"error"`)}}
}

// sign makes the enriched tokens: each token that carries claims, and each
// id_token whose at_hash must follow its access token (law C2).
func (tx *transaction) sign(claims func(*part) []claim) *fault {
	for _, p := range tx.parts {
		p.raw = ""
	}
	for _, kind := range []Kind{Access, ID} {
		for _, p := range tx.parts {
			if p.issued.Kind != kind || !p.ours() {
				continue
			}
			var own []claim
			if tx.carries(p) {
				own = claims(p)
			}
			if f := tx.signPart(p, own); f != nil {
				return f
			}
		}
	}
	return nil
}

func (tx *transaction) signPart(p *part, claims []claim) *fault {
	access := tx.boundAccess(p)
	if len(claims) == 0 && (access == nil || access.raw == "") {
		return nil
	}
	if p.verified.Signer == nil {
		return &fault{SignFailed, fmt.Errorf("no key of ours signs %s", p.token.Algorithm)}
	}
	hashes, err := tx.hashClaims(p, access)
	if err != nil {
		return &fault{SignFailed, err}
	}
	raw, err := tx.signed(p, append(claims, hashes...))
	if err != nil {
		return &fault{SignFailed, err}
	}
	if len(raw) > p.issued.Budget {
		return &fault{TooLarge, &SizeError{"enriched token", len(raw), "its place takes", p.issued.Budget}}
	}
	p.raw = raw
	return nil
}

// maxSignature is the length of most signatures, at the most: RS256 with 4096
// bits. A longer one costs an allocation.
const maxSignature = 512

// signed splices the claims into the token and signs it again. Every byte that
// is not named here stays (law A3).
func (tx *transaction) signed(p *part, claims []claim) (string, error) {
	key := p.verified.Signer
	payload := p.token.payload.Clone()
	for _, c := range claims {
		payload.Set(c.name, c.value)
	}
	header := p.token.header.Clone()
	if key.ID() != "" {
		ownHeader(header, p.token, key)
	}
	if tx.o.Restore == RestoreOn || tx.o.Restore == RestoreAuto && key.ID() != "" {
		seal(header, payload, p.token.Signature, key)
	}
	text := make([]byte, 0, (len(header.Bytes())+len(payload.Bytes())+maxSignature)*4/3+8)
	text = base64.RawURLEncoding.AppendEncode(text, header.Bytes())
	text = append(text, '.')
	text = base64.RawURLEncoding.AppendEncode(text, payload.Bytes())
	signature, err := tx.signature(key, string(text))
	if err != nil {
		return "", fmt.Errorf("sign with %s: %w", key.Algorithm(), err)
	}
	text = append(text, '.')
	return string(base64.RawURLEncoding.AppendEncode(text, signature)), nil
}

// signature signs, or in shadow returns zeros in the place of a signature.
func (tx *transaction) signature(key Key, text string) ([]byte, error) {
	if tx.grant.Shadow {
		return make([]byte, key.SignatureSize()), nil
	}
	return key.Sign(text)
}

// ownHeader names a key of our own, and nothing that leads to the backend's.
func ownHeader(header *jsonedit.Object, t *Token, key Key) {
	if key.Algorithm() != t.Algorithm {
		header.Set("alg", jsonedit.Quote(key.Algorithm()))
	}
	header.Set("kid", jsonedit.Quote(key.ID()))
	for _, name := range []string{"jku", "jwk", "x5u", "x5c", "x5t", "x5t#S256"} {
		header.Remove(name)
	}
}

// boundAccess returns the access token of the grant that an id_token's at_hash
// is true of, and nil where there is none.
func (tx *transaction) boundAccess(id *part) *part {
	if id.issued.Kind != ID || id.token == nil {
		return nil
	}
	atHash, ok := jsonedit.Unquote(id.token.Claim("at_hash"))
	if !ok {
		return nil
	}
	for _, p := range tx.parts {
		if p.issued.Kind == Access && leftHash(id.token.Algorithm, p.issued.Raw) == atHash {
			return p
		}
	}
	return nil
}

// hashClaims are the hashes that an id_token must have to speak of the tokens
// that go out, by the algorithm that it goes out with. A hash that was not
// true, or not there, stays so.
func (tx *transaction) hashClaims(id, access *part) ([]claim, error) {
	if id.issued.Kind != ID {
		return nil, nil
	}
	was, is := id.token.Algorithm, id.verified.Signer.Algorithm()
	var claims []claim
	if access != nil {
		text := cmp.Or(access.raw, access.issued.Raw)
		claims = append(claims, claim{"at_hash", jsonedit.Quote(leftHash(is, text))})
	}
	if sameHash(was, is) {
		return claims, nil
	}
	hashed := map[string]string{"c_hash": tx.grant.Code, "s_hash": tx.grant.State}
	if access == nil {
		hashed["at_hash"] = tx.anyAccess()
	}
	for _, name := range []string{"at_hash", "c_hash", "s_hash"} {
		value, ok := jsonedit.Unquote(id.token.Claim(name))
		text, named := hashed[name]
		switch {
		case !ok || !named:
		case text == "":
			return nil, fmt.Errorf("%s must change from %s to %s, and what it hashes is not at hand", name, was, is)
		case leftHash(was, text) == value:
			claims = append(claims, claim{name, jsonedit.Quote(leftHash(is, text))})
		}
	}
	return claims, nil
}

// anyAccess returns an access token of the grant: with one at hand, an at_hash
// that fits none was never true.
func (tx *transaction) anyAccess() string {
	for _, p := range tx.parts {
		if p.issued.Kind == Access {
			return p.issued.Raw
		}
	}
	return ""
}

// isJWE reports the five parts of RFC 7516, section 7.1.
func isJWE(raw string) bool { return strings.Count(raw, ".") == 4 }
