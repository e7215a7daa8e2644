package jsonedit

import (
	"encoding/binary"
	"errors"
	"math"
)

// ErrUndo says that an [Undo] does not fit the text, or cannot be decoded.
var ErrUndo = errors.New("edits do not fit the text")

// Undo is what turns an edited text back into what it was: the replaced bytes
// of every edit, in the order of the edits. It holds what was replaced, nothing
// of what stayed.
type Undo []splice

// A splice says that length bytes at offset stand where was stood.
type splice struct {
	offset, length int
	was            []byte
}

// Revert returns the text as it was before the edits. The edited text stays.
func (u Undo) Revert(edited []byte) ([]byte, error) {
	text := edited
	for i := len(u) - 1; i >= 0; i-- {
		s := u[i]
		if s.offset > len(text) || s.length > len(text)-s.offset {
			return nil, ErrUndo
		}
		before := make([]byte, 0, len(text)-s.length+len(s.was))
		before = append(before, text[:s.offset]...)
		before = append(before, s.was...)
		before = append(before, text[s.offset+s.length:]...)
		text = before
	}
	return text, nil
}

// AppendBinary appends an encoding that [DecodeUndo] reads: the number of
// edits, and of each its offset, its length, and the replaced bytes with their
// number before them; all numbers as unsigned varints.
func (u Undo) AppendBinary(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(u)))
	for _, s := range u {
		b = binary.AppendUvarint(b, uint64(s.offset))
		b = binary.AppendUvarint(b, uint64(s.length))
		b = binary.AppendUvarint(b, uint64(len(s.was)))
		b = append(b, s.was...)
	}
	return b
}

// DecodeUndo reads what [Undo.AppendBinary] wrote and returns the bytes behind
// it. The Undo shares b's memory.
func DecodeUndo(b []byte) (u Undo, rest []byte, err error) {
	number := func() int {
		n, size := binary.Uvarint(b)
		if size <= 0 || n > math.MaxInt32 {
			err = ErrUndo
			return 0
		}
		b = b[size:]
		return int(n)
	}
	for edits := number(); edits > 0 && err == nil; edits-- {
		s := splice{offset: number(), length: number()}
		was := number()
		if err != nil || was > len(b) {
			return nil, nil, ErrUndo
		}
		s.was, b = b[:was], b[was:]
		u = append(u, s)
	}
	return u, b, err
}
