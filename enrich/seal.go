package enrich

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// An enriched token contains what is needed to restore its original: the claim tgr, the
// last member of the payload. Its value is a record, encoded with base64url without
// padding:
//
//	version  1 byte: 2
//	sealed   what [Key.Seal] returns for the plaintext and the additional data
//
// The plaintext is the undo of the header, the undo of the payload, and the original's
// signature, which takes the rest. An undo is a jsonedit.Undo. It applies to the header
// and payload of the enriched token, with the empty string as the value of tgr. A record
// with an empty plaintext says that the claims of the token are ours, and restores
// nothing.
//
// The additional data is the length of the header as an unsigned varint, the header, and
// the payload with the empty string as the value of tgr. So the record fits one token
// only: with another header, other claims or a record of another token it does not open,
// and opening costs microseconds. The signature of the enriched token is not part of it,
// because it covers the record. [Enricher.Restore] checks it after it opened the record.
//
// The record is sealed because a client that knew the original's signature could rebuild
// the original, which does not have the claim (law D2).
//
// # Format 1
//
// Earlier versions wrote the header parameter tgr instead. Its value is encoded in the
// same way: the version byte 1, and the plaintext sealed without additional data. The
// undo of the header applies to a header with the empty string as the value of tgr.
const (
	restoreClaim = "tgr" // in format 1 a header parameter
	format1      = 1
	format2      = 2

	// minRecord is less than the size of any record: the version, and the tag of an AEAD.
	minRecord = 1 + 16
)

// noRecord is the value of the claim while the record is made and checked.
var noRecord = []byte(`""`)

// seal adds the claim tgr to the edited payload of an enriched token. The header must be
// final. Without a signature the record restores nothing.
func seal(header, payload *jsonedit.Object, signature []byte, key Key) {
	payload.Remove(restoreClaim)
	payload.Set(restoreClaim, noRecord)
	var plaintext []byte
	if signature != nil {
		plaintext = header.Undo().AppendBinary(make([]byte, 0, len(signature)+128))
		plaintext = payload.Undo().AppendBinary(plaintext)
		plaintext = append(plaintext, signature...)
	}
	record := append([]byte{format2}, key.Seal(plaintext, additional(header.Bytes(), payload.Bytes()))...)
	payload.Set(restoreClaim, jsonedit.Quote(encodeBase64(record)))
}

// additional returns what a record authenticates. The payload has the empty record.
func additional(header, payload []byte) []byte {
	text := make([]byte, 0, binary.MaxVarintLen64+len(header)+len(payload))
	text = binary.AppendUvarint(text, uint64(len(header)))
	return append(append(text, header...), payload...)
}

// isRecord reports whether the value of a claim tgr has the form of our record. Another
// value is a claim of the backend's own.
func isRecord(value []byte) bool {
	text, ok := jsonedit.Unquote(value)
	if !ok {
		return false
	}
	_, ok = decodeRecord(text, format2)
	return ok
}

// decodeRecord returns what [Key.Seal] returned.
func decodeRecord(text string, version byte) (sealed []byte, ok bool) {
	record, err := decodeBase64(text)
	if err != nil || len(record) <= minRecord || record[0] != version {
		return nil, false
	}
	return record[1:], true
}

var errFormat1 = errors.New("the key does not open records of format 1")

// A sealed is a record of an enriched token, and the texts that its undo applies to.
type sealed struct {
	text            []byte // what Key.Seal returned
	format          byte
	header, payload []byte
}

// sealedIn returns the records of a token: that of the payload and that of the header.
func sealedIn(header *jsonedit.Object, payload []byte) (found []sealed) {
	if before, value, after, ok := cutRecord(payload); ok {
		if text, ok := decodeRecord(value, format2); ok {
			payload := slices.Concat(before, noRecord, after)
			found = append(found, sealed{text, format2, header.Bytes(), payload})
		}
	}
	if value, ok := jsonedit.Unquote(header.Value(restoreClaim)); ok {
		if text, ok := decodeRecord(value, format1); ok {
			header := header.Clone()
			header.Set(restoreClaim, noRecord)
			found = append(found, sealed{text, format1, header.Bytes(), payload})
		}
	}
	return found
}

// open decrypts the record. It costs microseconds, whatever the type of the key.
func (s sealed) open(key Key) (plaintext []byte, err error) {
	if s.format == format2 {
		return key.Open(s.text, additional(s.header, s.payload))
	}
	if key, ok := key.(interface {
		OpenFormat1(sealed []byte) (plaintext []byte, err error)
	}); ok {
		return key.OpenFormat1(s.text)
	}
	return nil, errFormat1
}

// cutRecord cuts a payload at the value of the claim tgr, if that is its last member and
// spelled as [seal] does. It does not parse the payload.
func cutRecord(payload []byte) (before []byte, value string, after []byte, ok bool) {
	end := bytes.LastIndexByte(payload, '}')
	text, closed := bytes.CutSuffix(payload[:max(end, 0)], []byte(`"`))
	start := bytes.LastIndexByte(text, '"') + 1
	if !closed || !bytes.HasSuffix(text[:start], []byte(`"`+restoreClaim+`":"`)) {
		return nil, "", nil, false
	}
	return payload[:start-1], string(text[start:]), payload[end:], true
}

// unseal returns the original that an opened record restores.
func (s sealed) unseal(plaintext []byte) (original string, err error) {
	undoHeader, rest, err := jsonedit.DecodeUndo(plaintext)
	if err != nil {
		return "", err
	}
	undoPayload, signature, err := jsonedit.DecodeUndo(rest)
	if err != nil {
		return "", err
	}
	header, err := undoHeader.Revert(s.header)
	if err != nil {
		return "", err
	}
	payload, err := undoPayload.Revert(s.payload)
	if err != nil {
		return "", err
	}
	return encodeBase64(header) + "." + encodeBase64(payload) + "." + encodeBase64(signature), nil
}
