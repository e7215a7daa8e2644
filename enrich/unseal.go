package enrich

import (
	"bytes"
	"errors"
	"slices"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

var errFormat1 = errors.New("the key does not open records of format 1")

// A sealed is a record of an enriched token, and the texts that its undo applies to.
type sealed struct {
	text            []byte // what Key.Seal returned
	format          byte
	header, payload []byte
}

// sealedIn returns the records of a token: that of the payload and that of the header. They
// are in the memory of the scratch.
func (s *scratch) sealedIn(d decoded, found []sealed) []sealed {
	header := d.header.object
	if before, value, after, ok := cutRecord(d.payload); ok {
		s.record = slices.Grow(s.record[:0], len(value))
		if text, ok := appendRecord(s.record, value, format2); ok {
			s.result = append(append(append(s.result[:0], before...), noRecord...), after...)
			found = append(found, sealed{text, format2, header.Bytes(), s.result})
		}
	}
	if value, ok := jsonedit.Unquote(header.Value(restoreClaim)); ok {
		if text, ok := decodeRecord(value, format1); ok {
			header := header.Clone()
			header.Set(restoreClaim, noRecord)
			found = append(found, sealed{text, format1, header.Bytes(), d.payload})
		}
	}
	return found
}

// open decrypts a record. It costs microseconds, whatever the type of the key.
func (s *scratch) open(record sealed, key Key) (plaintext []byte, err error) {
	if record.format == format2 {
		s.additional = appendAdditional(s.additional[:0], record.header, record.payload)
		s.plaintext = slices.Grow(s.plaintext[:0], len(record.text))
		return appendOpened(s.plaintext, key, record.text, s.additional)
	}
	if key, ok := key.(interface {
		OpenFormat1(sealed []byte) (plaintext []byte, err error)
	}); ok {
		return key.OpenFormat1(record.text)
	}
	return nil, errFormat1
}

// cutRecord cuts a payload at the value of the claim tgr, if that is its last member and
// spelled as [scratch.seal] does. It does not parse the payload.
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
func (s *scratch) unseal(record sealed, plaintext []byte) (original string, err error) {
	undoHeader, rest, err := jsonedit.DecodeUndo(plaintext)
	if err != nil {
		return "", err
	}
	undoPayload, signature, err := jsonedit.DecodeUndo(rest)
	if err != nil {
		return "", err
	}
	header, err := undoHeader.Revert(record.header)
	if err != nil {
		return "", err
	}
	payload, err := undoPayload.Revert(record.payload)
	if err != nil {
		return "", err
	}
	text := append(appendBase64(s.encoded[:0], header), '.')
	text = append(appendBase64(text, payload), '.')
	s.encoded = appendBase64(text, signature)
	return string(s.encoded), nil
}
