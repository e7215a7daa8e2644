package enrich

import (
	"errors"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// An enriched token has a private header parameter (RFC 7515, section 4.3) that
// holds what is needed to restore the original: how to undo the edits of header
// and payload, and the original's signature. It is sealed, because a client that
// knew the signature could remove the claim (law D2).
//
// The parameter is the base64url encoding of a version byte and the sealed text.
// The text is the undo of the header, the undo of the payload, and the signature.
// The undo of the header applies to a header whose parameter is the empty string.
const (
	restoreParam   = "tgr"
	restoreVersion = 1
)

var errNotSealed = errors.New("not an enriched token")

// seal puts the restore parameter into the edited header of an enriched token.
func seal(header, payload *jsonedit.Object, signature []byte, key Key) {
	header.Set(restoreParam, []byte(`""`))
	text := header.Undo().AppendBinary(nil)
	text = payload.Undo().AppendBinary(text)
	text = append(text, signature...)
	param := append([]byte{restoreVersion}, key.Seal(text)...)
	header.Set(restoreParam, jsonedit.Quote(encodeBase64(param)))
}

// unseal returns the original of an enriched token.
func unseal(t *Token, key Key) (original string, err error) {
	value, _ := jsonedit.Unquote(t.header.Value(restoreParam))
	param, err := decodeBase64(value)
	if err != nil || len(param) == 0 || param[0] != restoreVersion {
		return "", errNotSealed
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
	return encodeBase64(headerText) + "." + encodeBase64(payloadText) + "." + encodeBase64(signature), nil
}
