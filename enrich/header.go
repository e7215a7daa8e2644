package enrich

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// A header is the header of a JWS: decoded, parsed, and with what follows from it. It does
// not change.
type header struct {
	encoded          string
	object           *jsonedit.Object
	algorithm, keyID string

	signed atomic.Pointer[signedHeader] // the latest result of signedBy
}

// read reads the parameters.
func (h *header) read() error {
	var ok bool
	if h.algorithm, ok = jsonedit.Unquote(h.object.Value("alg")); !ok {
		return fmt.Errorf("%w: the header has no alg, or one that is not a string", ErrBadToken)
	}
	if kid := h.object.Value("kid"); kid != nil {
		if h.keyID, ok = jsonedit.Unquote(kid); !ok {
			return fmt.Errorf("%w: the header's kid is not a string", ErrBadToken)
		}
	}
	if h.object.Value("crit") != nil {
		return fmt.Errorf("%w: the header has crit, but no extension is supported", ErrBadToken)
	}
	return nil
}

// A signedHeader is the header of an enriched token, for one header of an original and one
// key. It does not change.
type signedHeader struct {
	algorithm, id string // of the key
	text          []byte
	encoded       []byte
	undo          []byte // as [jsonedit.Undo.AppendBinary] writes it
}

// signedBy returns the header of a token that a key signs. A header names our own key, and
// keeps what it says of the backend's.
func (h *header) signedBy(key Key) *signedHeader {
	algorithm, id := key.Algorithm(), key.ID()
	if s := h.signed.Load(); s != nil && s.algorithm == algorithm && s.id == id {
		return s
	}
	edited := h.object.Clone()
	if id != "" {
		nameOwnKey(edited, h.algorithm, key)
	}
	s := &signedHeader{algorithm: algorithm, id: id, text: edited.Bytes(), undo: edited.Undo().AppendBinary(nil)}
	s.encoded = appendBase64(nil, s.text)
	h.signed.Store(s)
	return s
}

// nameOwnKey makes a header name our own key, and removes the parameters that
// refer to the backend's key.
func nameOwnKey(header *jsonedit.Object, algorithm string, key Key) {
	if key.Algorithm() != algorithm {
		header.Set("alg", jsonedit.Quote(key.Algorithm()))
	}
	header.Set("kid", jsonedit.Quote(key.ID()))
	for _, name := range []string{"jku", "jwk", "x5u", "x5c", "x5t", "x5t#S256"} {
		header.Remove(name)
	}
}

// A headerCache keeps the headers of recent tokens. Nearly all tokens of a backend have one of
// a few headers, and reading one again would allocate for each token. Only headers of verified
// tokens get in, so strangers cannot fill it. The zero headerCache is empty.
type headerCache struct {
	recent atomic.Pointer[[]*header]
	mu     sync.Mutex
	added  int // guarded by mu
}

const (
	maxHeaders = 8
	// maxHeader is the size of the largest header that is kept, in bytes.
	maxHeader = 2 << 10
	// When the cache is full, one of so many new headers gets in. A backend whose headers are
	// all different then costs no more than without a cache.
	oneOf = 64
)

// get returns the header with this text, or nil.
func (c *headerCache) get(encoded string) *header {
	recent := c.recent.Load()
	if recent == nil {
		return nil
	}
	for _, h := range *recent {
		if h.encoded == encoded {
			return h
		}
	}
	return nil
}

// keep adds the header of a verified token, if it is not there.
func (c *headerCache) keep(h *header) {
	if len(h.encoded) > maxHeader || c.get(h.encoded) != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.get(h.encoded) != nil {
		return
	}
	c.added++
	var recent []*header
	if old := c.recent.Load(); old != nil {
		recent = *old
	}
	if len(recent) == maxHeaders {
		if c.added%oneOf != 0 {
			return
		}
		recent = recent[1:]
	}
	kept := &header{encoded: strings.Clone(h.encoded), object: h.object, algorithm: h.algorithm, keyID: h.keyID}
	recent = append(recent[:len(recent):len(recent)], kept) // a copy: others read the old one
	c.recent.Store(&recent)
}
