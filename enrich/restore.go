package enrich

// Restore says which tokens are signed in such a way that [Enricher.Restore] can turn
// them back into originals. Tokens that were signed earlier can be restored whatever
// Restore is now. The zero Restore is RestoreAuto.
type Restore int

// The ways to restore.
const (
	RestoreAuto Restore = iota // tokens signed with our own key
	RestoreOn                  // all tokens
	RestoreOff                 // no tokens
)

// Restore returns the original of an enriched token, byte for byte. It returns
// false for anything else. It checks only the signature: the backend checks
// expiry, issuer and audience, and an id_token_hint is normally expired (law D3).
func (e *Enricher) Restore(raw string) (original string, ok bool) {
	t, err := ParseToken(raw)
	if err != nil || t.header.Value(restoreParam) == nil {
		return "", false
	}
	for _, key := range e.o.Ring.RestoreKeys(t) {
		if key.Verify(t.SigningInput, t.Signature) == nil {
			original, err := unseal(t, key)
			return original, err == nil
		}
	}
	return "", false
}
