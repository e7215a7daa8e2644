package keys

import (
	"maps"
	"slices"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/keys/internal/jose"
)

// otherEncoding returns the encoding in which the secret verifies a token, and logs it
// once. It returns "" if there is none. Only who knows the secret can make such a token.
func (r *Ring) otherEncoding(t *enrich.Token) string {
	for _, encoding := range slices.Sorted(maps.Keys(r.o.Encodings)) {
		if !(jose.Verifier{Key: r.o.Encodings[encoding]}).Verifies(t.Algorithm, t.SigningInput, t.Signature) {
			continue
		}
		if r.warnedEncoding.CompareAndSwap(false, true) {
			r.o.Logger.Warn("the backend reads verify.secret in another encoding, so its tokens do not verify and pass unenriched. Set verify.secret_encoding to the one named here", "verify.secret_encoding", encoding)
		}
		return encoding
	}
	return ""
}
