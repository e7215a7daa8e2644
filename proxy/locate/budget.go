package locate

import "net/http"

// Limits bound what enriched tokens may grow to, in bytes. Both are positive.
type Limits struct {
	Token int // the token itself, in a body
	Line  int // the header line ("Name: value") that holds it
}

// cookieLimit is how long a cookie may be, its name, value and attributes
// together: browsers drop longer ones (RFC 6265, section 6.1).
const cookieLimit = 4096

// Budget returns how many bytes the enriched token may have here, 0 if no
// token fits. Tokens that share a line do not know of each other's growth: see
// [Fits].
func (f Found) Budget(l Limits) int {
	if f.at.part != linePart {
		return l.Token
	}
	return max(0, l.line(f.at.header)-f.Overhead)
}

// line returns the limit of a header's lines.
func (l Limits) line(name string) int {
	if name == setCookie {
		return min(l.Line, len(setCookie+": ")+cookieLimit)
	}
	return l.Line
}

// Fits reports whether every header line that differs is within its limit (law
// H3). after is what [Response.Replace] made of before.
func Fits(before, after http.Header, l Limits) bool {
	for name, lines := range after {
		for i, text := range lines {
			if text != before[name][i] && len(name)+len(": ")+len(text) > l.line(name) {
				return false
			}
		}
	}
	return true
}
