package discover

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// maxBody limits the body of a message that is kept, in bytes, as limits.body does.
const maxBody = 1 << 20

// A copied is the start of a body. It can be read while it is written to.
type copied struct {
	mu       sync.Mutex
	bytes    bytes.Buffer
	tooLarge bool
}

func (c *copied) write(p []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tooLarge = c.tooLarge || c.bytes.Len()+len(p) > maxBody; !c.tooLarge {
		c.bytes.Write(p)
	}
}

// whole returns the body without its content codings, and false if it is too large or has
// an unknown one.
func (c *copied) whole(header http.Header) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tooLarge {
		return nil, false
	}
	body, err := proxy.DecodeBody(header, bytes.Clone(c.bytes.Bytes()), maxBody)
	return body, err == nil
}

// copiedBody copies the body of a request while it is read.
type copiedBody struct {
	io.ReadCloser
	to *copied
}

// Read implements [io.Reader].
func (b *copiedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.to.write(p[:n])
	return n, err
}

// A recorder copies a response while it is written.
type recorder struct {
	http.ResponseWriter
	begin  func() // is called before the client gets the status
	status int
	header http.Header
	body   copied
	skip   bool // the body is a stream or a medium
}

// WriteHeader implements [http.ResponseWriter].
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		r.status = status
		r.header = canonical(r.Header())
		r.skip = isMedium(r.header)
		r.begin()
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (r *recorder) Write(p []byte) (int, error) {
	if r.status == 0 {
		r.WriteHeader(http.StatusOK)
	}
	if !r.skip {
		r.body.write(p)
	}
	return r.ResponseWriter.Write(p)
}

// Unwrap returns the underlying writer, for [http.ResponseController].
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// canonical returns a copy of a header with the usual spelling of names, which a backend may
// spell otherwise.
func canonical(header http.Header) http.Header {
	c := http.Header{}
	for name, lines := range header {
		for _, line := range lines {
			c.Add(name, line)
		}
	}
	return c
}

// isMedium reports whether a body is not text: a stream, or what players, browsers and
// viewers show.
func isMedium(header http.Header) bool {
	media := strings.ToLower(header.Get("Content-Type"))
	for _, word := range []string{"image/", "audio/", "video/", "font/", "text/css", "wasm", "zip", "pdf", "grpc", "ndjson"} {
		if strings.Contains(media, word) {
			return true
		}
	}
	return locate.IsEventStream(header)
}

// isScript reports whether a body is a program for browsers, and not JSON.
func isScript(header http.Header, body []byte) bool {
	if !strings.Contains(strings.ToLower(header.Get("Content-Type")), "script") {
		return false
	}
	is, _ := locate.StartsJSON(body)
	return !is
}
