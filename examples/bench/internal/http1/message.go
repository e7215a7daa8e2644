// Package http1 reads HTTP/1.1 messages for the two ends of a measurement. It reads
// only what matters there, and nearly without garbage, so that the ends use little of
// the machine that they share with the proxy.
package http1

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
)

// A Message is a request or a response. Read reuses its memory.
type Message struct {
	// Start is the request line or the status line, without its end.
	Start []byte
	Body  []byte
	// Close says that the sender closes the connection afterwards.
	Close bool

	length  int // of the body, or -1
	chunked bool
}

// ErrMalformed is in the errors about bytes that are not HTTP/1.1.
var ErrMalformed = errors.New("malformed message")

// Read reads the next message. One without a length and without chunks has no body,
// which is right for requests; a response that ends with the connection is not
// supported.
func (m *Message) Read(r *bufio.Reader) error {
	m.Body, m.Close, m.length, m.chunked = m.Body[:0], false, -1, false
	line, err := readLine(r)
	if err != nil {
		return err
	}
	m.Start = append(m.Start[:0], line...)
	for {
		line, err := readLine(r)
		if err != nil {
			return unexpected(err)
		}
		if len(line) == 0 {
			break
		}
		if err := m.field(line); err != nil {
			return err
		}
	}
	if m.chunked {
		return unexpected(m.readChunks(r))
	}
	return unexpected(m.readBody(r, max(0, m.length)))
}

// Target returns the second word of the start line: the target of a request, or the
// status code.
func (m *Message) Target() []byte {
	_, rest, _ := bytes.Cut(m.Start, []byte(" "))
	target, _, _ := bytes.Cut(rest, []byte(" "))
	return target
}

// field reads one line of the header section.
func (m *Message) field(line []byte) (err error) {
	name, value, ok := bytes.Cut(line, []byte(":"))
	if !ok {
		return fmt.Errorf("%w: field %.40q", ErrMalformed, line)
	}
	value = bytes.TrimSpace(value)
	switch {
	case bytes.EqualFold(name, []byte("Content-Length")):
		if m.length, err = strconv.Atoi(string(value)); err != nil || m.length < 0 {
			return fmt.Errorf("%w: Content-Length %.40q", ErrMalformed, value)
		}
	case bytes.EqualFold(name, []byte("Transfer-Encoding")):
		m.chunked = bytes.EqualFold(value, []byte("chunked"))
	case bytes.EqualFold(name, []byte("Connection")):
		m.Close = bytes.EqualFold(value, []byte("close"))
	}
	return nil
}

func (m *Message) readChunks(r *bufio.Reader) error {
	for {
		line, err := readLine(r)
		if err != nil {
			return err
		}
		size, err := strconv.ParseUint(string(line), 16, 31)
		if err != nil {
			return fmt.Errorf("%w: size of a chunk %.40q", ErrMalformed, line)
		}
		if err := m.readBody(r, int(size)); err != nil {
			return err
		}
		line, err = readLine(r)
		switch {
		case err != nil:
			return err
		case len(line) > 0:
			return fmt.Errorf("%w: %.40q after a chunk", ErrMalformed, line)
		case size == 0:
			return nil
		}
	}
}

// readBody appends n bytes to the body.
func (m *Message) readBody(r *bufio.Reader, n int) error {
	start := len(m.Body)
	m.Body = slices.Grow(m.Body, n)[:start+n]
	_, err := io.ReadFull(r, m.Body[start:])
	return err
}

// readLine returns the next line without its end. It is valid until the next read.
func readLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	return bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r")), err
}

// unexpected reports an end within a message as such.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
