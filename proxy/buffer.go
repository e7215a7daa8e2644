package proxy

import (
	"bytes"
	"io"
)

// firstBuffer is the size of the first buffer for a body, in bytes.
const firstBuffer = 4 << 10

// A buffer is the part of a body that was read. It grows step by step as the body
// arrives: a length that a client only announces takes no memory.
type buffer struct {
	bytes []byte
	limit int64 // of the body; the buffer gets at most one byte more
	// length is what the message says about the length of its body, and -1 if it does
	// not say.
	length int64
	// grow is called before the buffer grows to a size. Its error ends reading, and what
	// was read stays.
	grow func(to int64) error
	// grew is called when the old buffer, of this size, is free. Optional.
	grew func(from int64)
}

// readFrom reads a body up to the limit. If the body is longer, whole is false.
func (b *buffer) readFrom(r io.Reader) (whole bool, err error) {
	for int64(len(b.bytes)) <= b.limit {
		if len(b.bytes) == cap(b.bytes) {
			if err := b.enlarge(); err != nil {
				return false, err
			}
		}
		n, err := r.Read(b.bytes[len(b.bytes):cap(b.bytes)])
		b.bytes = b.bytes[:len(b.bytes)+n]
		if err == io.EOF {
			return int64(len(b.bytes)) <= b.limit, nil
		}
		if err != nil {
			return false, err
		}
	}
	return false, nil
}

// write appends a part of a body, up to one byte over the limit.
func (b *buffer) write(p []byte) error {
	p = p[:min(int64(len(p)), b.limit+1-int64(len(b.bytes)))]
	for len(p) > 0 {
		if len(b.bytes) == cap(b.bytes) {
			if err := b.enlarge(); err != nil {
				return err
			}
		}
		n := copy(b.bytes[len(b.bytes):cap(b.bytes)], p)
		b.bytes, p = b.bytes[:len(b.bytes)+n], p[n:]
	}
	return nil
}

func (b *buffer) enlarge() error {
	from, to := int64(cap(b.bytes)), b.nextSize()
	if err := b.grow(to); err != nil {
		return err
	}
	larger := make([]byte, len(b.bytes), to)
	copy(larger, b.bytes)
	b.bytes = larger
	if b.grew != nil {
		b.grew(from)
	}
	return nil
}

// nextSize returns twice the size, but not more than the body can need. It is one byte
// more than the body, so that the end of the body is read without growing again.
func (b *buffer) nextSize() int64 {
	most := b.limit + 1
	if b.length >= int64(len(b.bytes)) {
		most = min(most, b.length+1)
	}
	return min(most, max(firstBuffer, 2*int64(cap(b.bytes))))
}

// A bufferedBody reads a buffer once. At its end it drops the buffer and calls free.
type bufferedBody struct {
	left *bytes.Reader
	free func()
}

func newBufferedBody(body []byte, free func()) *bufferedBody {
	return &bufferedBody{bytes.NewReader(body), free}
}

// Read implements [io.Reader].
func (b *bufferedBody) Read(p []byte) (int, error) {
	if b.left == nil {
		return 0, io.EOF
	}
	n, err := b.left.Read(p)
	if err == io.EOF || b.left.Len() == 0 {
		b.left, err = nil, io.EOF
		b.free()
	}
	return n, err
}
