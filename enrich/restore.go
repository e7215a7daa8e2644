package enrich

import (
	"slices"
	"strings"
)

// Restore says which tokens are signed in such a way that [Enricher.Restore] can turn
// them back into originals. Tokens that were signed earlier can be restored whatever
// Restore is now. The zero Restore is RestoreAuto.
type Restore int

// The ways to restore.
const (
	// RestoreAuto is for tokens that our own key or a secret signs (HS256, HS384, HS512).
	// A backend that makes its next token from the one it gets would copy our claims.
	RestoreAuto Restore = iota
	RestoreOn           // all tokens
	RestoreOff          // no tokens
)

// seals reports whether tokens that a key signs can be restored.
func (r Restore) seals(key Key) bool {
	ours := key.ID() != "" || strings.HasPrefix(key.Algorithm(), "HS")
	return r == RestoreOn || r == RestoreAuto && ours
}

// Restore returns the original of an enriched token, byte for byte. It returns
// false for anything else. Of the enriched token it checks only that no byte was changed:
// the backend checks expiry, issuer and audience, and an id_token_hint is normally
// expired (law D3).
//
// A token that none of our keys sealed costs microseconds. Its signature is not checked.
func (e *Enricher) Restore(raw string) (original string, ok bool) {
	if !e.MayRestore(raw) {
		return "", false
	}
	parts, err := splitToken(raw)
	if err != nil {
		return "", false
	}
	s := takeScratch()
	defer s.put()
	s.text = slices.Grow(s.text[:0], len(parts.payload)+len(parts.signature))
	d, err := parts.decode(s.text, &e.headers)
	if err != nil {
		return "", false
	}
	keys := e.o.Ring.RestoreKeys(d.header.algorithm, d.header.keyID)
	for _, record := range s.sealedIn(d, make([]sealed, 0, 2)) {
		for _, key := range keys {
			plaintext, err := s.open(record, key)
			if err != nil || key.Verify(parts.signed, d.signature) != nil {
				continue
			}
			if original, err := s.unseal(record, plaintext); err == nil {
				if record.format == format2 { // in format 1 every header is different
					e.headers.keep(d.header)
				}
				return original, true
			}
		}
	}
	return "", false
}

// MayRestore reports whether a token can be an enriched one. It only searches the text
// for the claim that every enriched token has, so it costs next to nothing.
func (e *Enricher) MayRestore(raw string) bool {
	if len(raw) > MaxToken {
		return false
	}
	for _, mark := range marks {
		if strings.Contains(raw, mark) {
			return true
		}
	}
	return false
}

// marks are the texts of which one is in every enriched token: the start of the member
// tgr, in base64url. There are three, because base64 encodes three bytes together.
// The A is the first letter of the record, which begins with the byte 1 or 2.
var marks = [3]string{mark(0), mark(1), mark(2)}

// mark returns the letters that encode the start of the member tgr after a number of
// other bytes, without those that depend on the bytes around it.
func mark(before int) string {
	const start = `"` + restoreClaim + `":"A`
	encoded := encodeBase64([]byte(strings.Repeat("\x00", before) + start))
	return encoded[(before*8+5)/6 : (before+len(start))*8/6]
}
