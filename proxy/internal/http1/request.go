package http1

import (
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// A framing is how the body of a request is sent.
type framing int

const (
	rest       framing = iota // by another transport
	noBody                    // no body
	zeroLength                // no body, and Content-Length: 0
	whole                     // together with the header, in one write
	streamed                  // as it arrives, with a Content-Length
	chunked                   // as it arrives, in chunks
)

// streams reports whether the body is sent by a goroutine of its own, so that the backend
// can answer before the body ends.
func (f framing) streams() bool { return f == streamed || f == chunked }

// maxWhole limits a body that is sent together with the header, in bytes. Linux keeps at
// least 16 KiB that the backend has not read, so that writing does not wait.
const maxWhole = 8 << 10

// InMemory marks a body that can be read without waiting.
type InMemory struct{ io.ReadCloser }

// framing decides as [http.Transport] does.
func (t *Transport) framing(r *http.Request) framing {
	coded := len(r.TransferEncoding) == 1 && r.TransferEncoding[0] == "chunked"
	switch {
	case r.URL == nil || r.URL.Scheme != "http" || r.URL.Host != t.Host || !isPlainHost(t.Host) || !isPlainHost(r.Host),
		r.Method == "" || r.Method == http.MethodConnect || r.Close,
		r.Header["Upgrade"] != nil || r.Header["Expect"] != nil:
		return rest
	case r.Body == nil || r.Body == http.NoBody:
		if r.Header["Content-Length"] != nil || r.Method == http.MethodPost || r.Method == http.MethodPut || r.Method == http.MethodPatch {
			return zeroLength // RFC 9110, section 8.6: some servers require it
		}
		return noBody
	case coded:
		return chunked
	case len(r.TransferEncoding) > 0:
		return rest
	case r.ContentLength > 0:
		if _, ok := r.Body.(InMemory); ok && r.ContentLength <= maxWhole {
			return whole
		}
		return streamed
	case usuallyHasNoBody(r.Method):
		return rest // http.Transport finds out whether there is one
	}
	return chunked
}

func usuallyHasNoBody(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodDelete, http.MethodOptions, "PROPFIND", "SEARCH":
		return true
	}
	return false
}

// isPlainHost reports whether a host can be sent and dialed unchanged. Others have letters for
// which names have an encoding (RFC 5891), or the zone of an address.
func isPlainHost(host string) bool {
	for i := range len(host) {
		c := host[i]
		if !isAlphanumeric(c) && strings.IndexByte(".-:_[]", c) < 0 {
			return false
		}
	}
	return true
}

// A message is a request that is ready to be sent. Messages are reused.
type message struct {
	bytes []byte
	names []string
}

var messages = sync.Pool{New: func() any { return &message{bytes: make([]byte, 0, 2<<10)} }}

// maxKept limits the buffer of a message that is kept, in bytes. A larger message has a goroutine
// that sends it, and needs it after [Transport.RoundTrip]: see [exchange.stream].
const maxKept = 2 * maxWhole

func (m *message) release() {
	if cap(m.bytes) > maxKept {
		m.bytes = nil
	}
	m.bytes = m.bytes[:0]
	clear(m.names)
	m.names = m.names[:0]
	messages.Put(m)
}

// write writes the header of a request, and its body if it is sent whole. The order of the
// lines is that of [http.Request.Write].
func (m *message) write(r *http.Request, f framing) error {
	uri := r.URL.RequestURI()
	if !isToken(r.Method) {
		return fmt.Errorf("invalid method %q", r.Method)
	}
	if strings.ContainsFunc(uri, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		return fmt.Errorf("the URL of the request has a control character")
	}
	if err := checkTrailer(r.Trailer); err != nil {
		return err
	}
	m.add(r.Method, " ", uri, " HTTP/1.1\r\n")
	host := r.Host
	if host == "" {
		host = r.URL.Host
	}
	m.add("Host: ", host, "\r\n")
	if agent := r.Header["User-Agent"]; len(agent) > 0 && agent[0] != "" {
		m.add("User-Agent: ", textproto.TrimString(agent[0]), "\r\n") // fields checks it
	}
	if err := m.writeFraming(r, f); err != nil {
		return err
	}
	for name := range r.Header {
		m.names = append(m.names, name)
	}
	slices.Sort(m.names)
	for _, name := range m.names {
		if err := m.fields(name, r.Header[name]); err != nil {
			return err
		}
	}
	m.add("\r\n")
	if f == whole {
		return m.readBody(r)
	}
	return nil
}

// writeFraming writes the fields that say where the body ends.
func (m *message) writeFraming(r *http.Request, f framing) error {
	switch f {
	case zeroLength:
		m.add("Content-Length: 0\r\n")
	case whole, streamed:
		m.bytes = append(m.bytes, "Content-Length: "...)
		m.bytes = strconv.AppendInt(m.bytes, r.ContentLength, 10)
		m.add("\r\n")
	case chunked:
		m.add("Transfer-Encoding: chunked\r\n")
		return m.writeTrailerNames(r.Trailer)
	}
	return nil
}

func (m *message) writeTrailerNames(trailer http.Header) error {
	var names []string
	for name := range trailer {
		name = http.CanonicalHeaderKey(name)
		switch name {
		case "Transfer-Encoding", "Trailer", "Content-Length":
			return fmt.Errorf("invalid trailer %q", name)
		}
		names = append(names, name)
	}
	if len(names) > 0 {
		slices.Sort(names)
		m.add("Trailer: ", strings.Join(names, ","), "\r\n")
	}
	return nil
}

// checkTrailer checks the names of a trailer, and the values that are known before the body.
func checkTrailer(trailer http.Header) error {
	for name, values := range trailer {
		if err := checkField(name, strings.Join(values, "")); err != nil {
			return err
		}
	}
	return nil
}

// fields writes the lines of a name, if write has not written it before.
func (m *message) fields(name string, values []string) error {
	written := false
	switch name {
	case "Host", "User-Agent", "Content-Length", "Transfer-Encoding", "Trailer":
		written = true
	}
	for _, value := range values {
		if err := checkField(name, value); err != nil {
			return err
		}
		if !written {
			m.add(name, ": ", textproto.TrimString(value), "\r\n")
		}
	}
	return nil
}

// checkField returns an error for a line that could be read as another, or as several.
func checkField(name, value string) error {
	if !isToken(name) {
		return fmt.Errorf("invalid name %q of a header", name)
	}
	if !isValue(value) {
		return fmt.Errorf("invalid value of the header %s", name) // it can be a secret
	}
	return nil
}

func (m *message) add(parts ...string) {
	for _, part := range parts {
		m.bytes = append(m.bytes, part...)
	}
}

// readBody appends the body to the header.
func (m *message) readBody(r *http.Request) error {
	start := len(m.bytes)
	m.bytes = slices.Grow(m.bytes, int(r.ContentLength)+1)
	for {
		n, err := r.Body.Read(m.bytes[len(m.bytes):cap(m.bytes)])
		m.bytes = m.bytes[:len(m.bytes)+n]
		length := int64(len(m.bytes) - start)
		switch {
		case err != nil && err != io.EOF:
			return err
		case err == io.EOF && length == r.ContentLength:
			return nil
		case err == io.EOF || length > r.ContentLength:
			return lengthError(r.ContentLength, length)
		}
	}
}

func lengthError(announced, length int64) error {
	return fmt.Errorf("the body of the request has %d bytes, but its Content-Length is %d", length, announced)
}

func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// isToken reports whether a text is a token (RFC 9110, section 5.6.2).
func isToken(text string) bool {
	for i := range len(text) {
		if !tokenBytes[text[i]] {
			return false
		}
	}
	return text != ""
}

var tokenBytes = func() (is [256]bool) {
	for c := range is {
		is[c] = isAlphanumeric(byte(c)) || strings.IndexByte("!#$%&'*+-.^_`|~", byte(c)) >= 0
	}
	return is
}()
