package locate

import (
	"cmp"
	"fmt"
	"net/http"
)

// Limits are the largest sizes of enriched tokens, in bytes. Zero means the default.
type Limits struct {
	// Token is the largest token in a body. Defaults to 6 KiB.
	Token int
	// Line is the largest header line ("Name: value") that contains an enriched token.
	// Defaults to 4 KiB. A cookie with its attributes never has more than 4096 bytes,
	// whatever Line is (RFC 6265, section 6.1).
	Line int
}

func (l Limits) token() int { return cmp.Or(l.Token, 6<<10) }

// cookieLimit is the largest size of a cookie in bytes: name, value and attributes
// together. Browsers may drop larger cookies (RFC 6265, section 6.1).
const cookieLimit = 4096

// Budget returns how many bytes the enriched token may have at this place, and 0 if no
// token fits. It does not consider that other tokens in the same line grow too: use
// [Fits] after [Response.Replace].
func (f Occurrence) Budget(l Limits) int {
	if f.at.part != linePart {
		return l.token()
	}
	return max(0, l.line(f.at.header)-f.Overhead)
}

// line returns the largest size of a line of this header.
func (l Limits) line(name string) int {
	limit := cmp.Or(l.Line, 4<<10)
	if name == setCookie {
		return min(limit, len(setCookie+": ")+cookieLimit)
	}
	return limit
}

// A LineError says that a header line is over its limit with its enriched tokens.
type LineError struct {
	Header      string
	Size, Limit int // of the whole line ("Name: value"), in bytes
	// Token is the error of the one token that is too large for the line. It is nil if each
	// token is within its budget, and only all of them together are too large.
	Token error
}

// isTooLargeForBrowsers reports whether it is a cookie that no setting allows.
func (e *LineError) isTooLargeForBrowsers() bool {
	return e.Header == setCookie && e.Size > len(setCookie+": ")+cookieLimit
}

// Advice says what to do about the error, with the setting to change.
func (e *LineError) Advice() string {
	if e.isTooLargeForBrowsers() {
		return "Select fewer fields with claim.include: no setting allows a larger cookie."
	}
	return fmt.Sprintf("Select fewer fields with claim.include, or raise claim.max_header_size to %d or more.", e.Size)
}

// Unwrap returns the error of the token.
func (e *LineError) Unwrap() error { return e.Token }

// LineError returns the error of an enriched token at this place that is over its budget.
// size is that of the token in bytes, and err says so. It returns nil if the place is not
// in a header.
func (f Occurrence) LineError(l Limits, size int, err error) *LineError {
	if f.at.part != linePart {
		return nil
	}
	return &LineError{f.at.header, size + f.Overhead, l.line(f.at.header), err}
}

// Error implements error.
func (e *LineError) Error() string {
	if e.isTooLargeForBrowsers() {
		return fmt.Sprintf("cookie of %d bytes with its enriched tokens, browsers drop one of more than %d", e.Size-len(setCookie+": "), cookieLimit)
	}
	return fmt.Sprintf("header line %s of %d bytes with its enriched tokens, the limit is %d", e.Header, e.Size, e.Limit)
}

// Fits returns nil if every header line that [Response.Replace] changed is within its limit
// (law H3). Otherwise it returns a [LineError] about the longest line that is not. before is
// the header of the response, and after is the header of the result.
func Fits(before, after http.Header, l Limits) error {
	var longest LineError
	for name, lines := range after {
		for i, text := range lines {
			size, limit := len(name)+len(": ")+len(text), l.line(name)
			if size > max(limit, longest.Size) && text != before[name][i] {
				longest = LineError{Header: name, Size: size, Limit: limit}
			}
		}
	}
	if longest.Size == 0 {
		return nil
	}
	return new(longest)
}
