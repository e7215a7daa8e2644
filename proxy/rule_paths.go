package proxy

import (
	"net/http"
	"net/url"
	"strings"
)

// A rulePath is a tree of the segments in the paths of patterns. It says at once that no
// pattern matches a request, which is so for most of them. [http.ServeMux] needs 5
// allocations and a microsecond for that, because it looks for other methods.
type rulePath struct {
	next map[string]*rulePath // by a segment that has to be the same
	open bool                 // a wildcard, or a path that ends with /, may match the rest
	ends bool                 // a pattern ends here
}

// add adds a pattern that the mux has accepted.
func (p *rulePath) add(pattern string) {
	_, path, _ := strings.Cut(withoutMethod(pattern), "/")
	for segment, rest, more := "", path, true; more; {
		segment, rest, more = strings.Cut(rest, "/")
		if segment == "{$}" {
			segment, p.ends = "", true // the mux redirects the path without / at its end
		} else if segment == "" || strings.HasPrefix(segment, "{") {
			p.open = true
			return
		}
		if decoded, err := url.PathUnescape(segment); err == nil {
			segment = decoded // as the mux does
		}
		if p.next == nil {
			p.next = map[string]*rulePath{}
		}
		if p.next[segment] == nil {
			p.next[segment] = &rulePath{}
		}
		p = p.next[segment]
	}
	p.ends = true
}

// mayMatch reports whether a pattern may match a request. It is true for a path that the
// mux would clean or decode first.
func (p *rulePath) mayMatch(r *http.Request) bool {
	return r.URL.RawPath != "" || r.Method == http.MethodConnect || p.mayMatchPath(r.URL.Path)
}

// mayMatchPath is mayMatch for a path that has no other spelling, or is escaped.
func (p *rulePath) mayMatchPath(path string) bool {
	if !isPlainPath(path) {
		return true
	}
	for segment, rest, more := "", path[1:], true; more; {
		if p.open {
			return true
		}
		segment, rest, more = strings.Cut(rest, "/")
		if p = p.next[segment]; p == nil {
			return false
		}
	}
	return p.open || p.ends
}

// isPlainPath reports whether a path starts with /, and has no empty segments or those that start
// with a dot, and nothing that an escaped path spells in another way.
func isPlainPath(path string) bool {
	if !strings.HasPrefix(path, "/") {
		return false
	}
	before := byte(0)
	for i := range len(path) {
		c := path[i]
		switch {
		case c == '/' || c == '.':
			if before == '/' {
				return false
			}
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '~':
		default:
			return false
		}
		before = c
	}
	return true
}
