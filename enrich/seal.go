package enrich

import (
	"encoding/binary"

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

// seal adds the claim tgr to the edited payload of an enriched token. Without a signature
// the record restores nothing.
func (s *scratch) seal(header *signedHeader, signature []byte, key Key) {
	s.payload.Remove(restoreClaim)
	s.payload.Set(restoreClaim, noRecord)
	s.plaintext = s.plaintext[:0]
	if signature != nil {
		s.plaintext = append(s.plaintext, header.undo...)
		s.plaintext = s.payload.Undo().AppendBinary(s.plaintext)
		s.plaintext = append(s.plaintext, signature...)
	}
	s.additional = appendAdditional(s.additional[:0], header.text, s.payload.Bytes())
	s.record = appendSealed(append(s.record[:0], format2), key, s.plaintext, s.additional)
	quoted := append(s.text[:0], '"')
	s.text = append(appendBase64(quoted, s.record), '"')
	s.payload.Set(restoreClaim, s.text)
}

// appendAdditional appends what a record authenticates. The payload has the empty record.
func appendAdditional(dst, header, payload []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(header)))
	return append(append(dst, header...), payload...)
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
	return appendRecord(nil, text, version)
}

// appendRecord is decodeRecord with memory for the record.
func appendRecord(dst []byte, text string, version byte) (sealed []byte, ok bool) {
	record, err := appendDecoded(dst[:0], text)
	if err != nil || len(record) <= minRecord || record[0] != version {
		return nil, false
	}
	return record[1:], true
}
