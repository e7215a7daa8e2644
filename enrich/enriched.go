package enrich

import "time"

// IsEnriched reports whether a token is an enriched one that has not expired: it has the
// claim, or the record that restores its original, and the signature of one of our keys.
// If a key is shared with the backend, an original that has the claim counts too.
//
// It costs at most one check of a signature, because a header names one key.
func (e *Enricher) IsEnriched(raw string) bool {
	t, err := ParseToken(raw)
	if err != nil || t.Claim(e.o.Claim) == nil && !isRecord(t.Claim(restoreClaim)) {
		return false
	}
	if expires, ok := t.Date("exp"); ok && time.Now().After(expires) {
		return false
	}
	for _, key := range e.o.Ring.RestoreKeys(t.Algorithm, t.KeyID) {
		if key.Verify(t.SigningInput, t.Signature) == nil {
			return true
		}
	}
	return false
}
