package proxy

import (
	"strconv"
	"strings"
	"sync"

	"github.com/tokengraft/tokengraft/internal/redact"
)

// maxShape limits a shape, in bytes. Clients choose them.
const maxShape = 256

// shape returns the shape of the request. The first call must be before any goroutine of a
// diagnosis.
func (x *exchange) shape() string {
	if x.shapedAs == "" {
		x.shapedAs = x.proxy.diagnosis.shapes.named(x.method, x.path)
	}
	return x.shapedAs
}

// shapeOf returns the method and the path of a request as a pattern of a rule, so that
// requests that differ only in ids have the same shape. Segments that do not look named
// (see [redactPath]) become wildcards, so the shape is safe to log.
func shapeOf(method, path string) string {
	var b strings.Builder
	b.Grow(len(method) + len(path) + len(" /{id}/{$}"))
	if method != otherMethod {
		b.WriteString(method)
		b.WriteByte(' ')
	}
	wildcards := 0
	for segment := range strings.SplitSeq(strings.TrimPrefix(cleanPath(path), "/"), "/") {
		b.WriteByte('/')
		switch {
		case b.Len() > maxShape:
			b.WriteString("{rest...}")
			return b.String()
		case redact.LooksNamed(segment) && isLiteral(segment) && !isNumber(segment):
			b.WriteString(segment)
		default:
			wildcards++
			b.WriteString(idWildcard(wildcards))
		}
	}
	pattern := b.String()
	switch {
	case strings.HasSuffix(pattern, "/"):
		return pattern + "{$}"
	case strings.HasSuffix(path, "/"):
		return pattern + "/{$}"
	}
	return pattern
}

// idWildcard returns the nth wildcard of a pattern.
func idWildcard(n int) string {
	if n == 1 {
		return "{id}"
	}
	return "{id" + strconv.Itoa(n) + "}"
}

// isNumber reports whether a segment has digits only, as a short id.
func isNumber(segment string) bool {
	return segment != "" && strings.Trim(segment, "0123456789") == ""
}

// isLiteral reports whether a text means itself in a pattern and in YAML.
func isLiteral(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
			return false
		}
		return !strings.ContainsRune("-._~", r)
	})
}

// shapes count what was looked at, by the shape of requests.
type shapes struct {
	mu sync.Mutex
	of map[string]*looks

	names sync.RWMutex
	known map[requestLine]string // the shapes of recent requests: finding one costs half a microsecond
}

// A requestLine is what the shape of a request is made of.
type requestLine struct{ method, path string }

// named returns the shape of a request. It remembers those of maxShapes paths.
func (s *shapes) named(method, path string) string {
	line := requestLine{method, path}
	s.names.RLock()
	shape, ok := s.known[line]
	s.names.RUnlock()
	if ok {
		return shape
	}
	shape = shapeOf(method, path)
	if len(path) > maxShape {
		return shape
	}
	s.names.Lock()
	defer s.names.Unlock()
	if s.known == nil || len(s.known) >= maxShapes {
		s.known = map[requestLine]string{}
	}
	s.known[requestLine{method, strings.Clone(path)}] = shape // not the buffer of the request
	return shape
}

// looks is what was looked at of a shape.
type looks struct{ answers, requests int }

// get returns what was looked at of a shape. The caller holds mu.
func (s *shapes) get(shape string) *looks {
	if s.of == nil {
		s.of = map[string]*looks{}
	}
	if s.of[shape] == nil && len(s.of) >= maxShapes {
		shape = ""
	}
	if s.of[shape] == nil {
		s.of[shape] = &looks{}
	}
	return s.of[shape]
}

// answer counts an answer, and returns how many there were.
func (s *shapes) answer(shape string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.get(shape)
	l.answers++
	return l.answers
}

// request counts a request, and returns how many there were.
func (s *shapes) request(shape string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.get(shape)
	l.requests++
	return l.requests
}

// forget makes the last answer of a shape not count, because nothing could be decided.
func (s *shapes) forget(shape string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.get(shape); 0 < l.answers && l.answers <= firstLooks {
		l.answers--
	}
}

// enough says that only samples of a shape's answers need to be looked at.
func (s *shapes) enough(shape string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.get(shape)
	l.answers = max(l.answers, firstLooks)
}

// saidLines are what was said already.
type saidLines struct {
	mu    sync.Mutex
	lines map[string]bool
}

// first reports whether a line was not said before.
func (s *saidLines) first(line string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lines[line] || len(s.lines) >= maxSaid {
		return false
	}
	if s.lines == nil {
		s.lines = map[string]bool{}
	}
	s.lines[line] = true
	return true
}
