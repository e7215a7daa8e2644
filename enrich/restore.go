package enrich

import (
	"errors"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// Restore says which enriched tokens [Enricher.Restore] can turn back into
// originals. The zero Restore is RestoreAuto.
type Restore int

// The ways to restore.
const (
	RestoreAuto Restore = iota // tokens signed with a key of our own
	RestoreOn                  // all tokens
	RestoreOff                 // none
)

// An enriched token carries, in a private header parameter (RFC 7515, section
// 4.3), what turns it back into the original: how to undo the edits of header
// and payload, and the original's signature. It is sealed, because whoever had
// that signature could strip the claim off (law D2).
//
// The parameter is base64url of one version byte and the sealed text, which is
// the undo of the header, the undo of the payload, and the signature. The undo
// of the header is relative to a header whose parameter is the empty string.
const (
	restoreParam   = "tgr"
	restoreVersion = 1
)

var errRestore = errors.New("not an enriched token")

// Restore returns the original of an enriched token, byte for byte, and false
// for anything else. Only the signature is checked: expiry and audience are the
// backend's business, an id_token_hint is normally expired (law D3).
func (e *Enricher) Restore(raw string) (original string, ok bool) {
	t, err := ParseToken(raw)
	if err != nil || t.header.Value(restoreParam) == nil {
		return "", false
	}
	for _, key := range e.o.Ring.Restorers(t) {
		if key.Verify(t.Signed, t.Signature) != nil {
			continue
		}
		original, err := unseal(t, key)
		return original, err == nil
	}
	return "", false
}

// seal puts the restore parameter into the edited header of an enriched token.
func seal(header, payload *jsonedit.Object, signature []byte, key Key) {
	header.Set(restoreParam, []byte(`""`))
	text := header.Undo().AppendBinary(nil)
	text = payload.Undo().AppendBinary(text)
	text = append(text, signature...)
	param := append([]byte{restoreVersion}, key.Seal(text)...)
	header.Set(restoreParam, jsonedit.Quote(encode(param)))
}

func unseal(t *Token, key Key) (original string, err error) {
	value, _ := jsonedit.Unquote(t.header.Value(restoreParam))
	param, err := decode(value)
	if err != nil || len(param) == 0 || param[0] != restoreVersion {
		return "", errRestore
	}
	text, err := key.Open(param[1:])
	if err != nil {
		return "", err
	}
	undoHeader, text, err := jsonedit.DecodeUndo(text)
	if err != nil {
		return "", err
	}
	undoPayload, signature, err := jsonedit.DecodeUndo(text)
	if err != nil {
		return "", err
	}
	header := t.header.Clone()
	header.Set(restoreParam, []byte(`""`))
	headerText, err := undoHeader.Revert(header.Bytes())
	if err != nil {
		return "", err
	}
	payloadText, err := undoPayload.Revert(t.payload.Bytes())
	if err != nil {
		return "", err
	}
	return encode(headerText) + "." + encode(payloadText) + "." + encode(signature), nil
}
