package jsonedit

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
)

// ErrUndo is the error of an [Undo] that belongs to another text or cannot be
// decoded.
var ErrUndo = errors.New("the undo record does not fit the text")

// Undo reverts the edits of an [Object]. It has the replaced bytes of each edit, in
// the order of the edits, and no byte that was kept. The zero Undo reverts nothing.
type Undo []splice

// A splice is one edit: it replaced the bytes of was at offset with length other
// bytes.
type splice struct {
	offset, length int
	was            []byte
}

// add returns the Undo with one more edit. An edit right after the previous one, such
// as one more new member, extends it, so that the record stays short.
func (u Undo) add(s splice) Undo {
	if len(u) == 0 || u[len(u)-1].offset+u[len(u)-1].length != s.offset {
		return append(u, s)
	}
	last := u[len(u)-1]
	s.was = slices.Concat(last.was, s.was)
	s.offset, s.length = last.offset, last.length+s.length
	return append(u[:len(u)-1], s)
}

// Revert returns the text from before the edits, as a new slice. It does not modify
// edited. The error is [ErrUndo] if an edit is outside the text; Revert cannot
// detect other texts that the edits were not made on.
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

// AppendBinary appends the encoding that [DecodeUndo] reads: the number of edits,
// then for each edit its offset, its length, the number of replaced bytes, and these
// bytes. All numbers are unsigned varints.
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

// DecodeUndo decodes an encoding that [Undo.AppendBinary] appended, and returns the
// bytes after it. The Undo keeps b: do not modify b while the Undo is in use. The
// error is [ErrUndo].
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
