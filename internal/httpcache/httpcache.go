// Package httpcache says for how long an answer over HTTP stays fresh.
package httpcache

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// longest is what any answer is believed, in seconds: more than any caller
// waits, and no number that overflows.
const longest = 1 << 20

// FreshFor is how long an answer with this header stays fresh from when it came
// (RFC 9111, section 4.2.1): by max-age or else by Expires, less its Age (section
// 5.1), or else as long as the caller says. It is zero for one that is not to
// be kept or that cannot be understood, and can be negative for one that was
// old when it came.
func FreshFor(header http.Header, otherwise time.Duration) time.Duration {
	age, _ := strconv.Atoi(header.Get("Age"))
	gone := seconds(age)
	directives := directivesOf(header)
	switch {
	case directives.has("no-store"), directives.has("no-cache"):
		return 0
	case directives.has("max-age"):
		maxAge, err := strconv.Atoi(directives["max-age"])
		if err != nil {
			return 0
		}
		return seconds(maxAge) - gone
	case header.Get("Expires") != "":
		return untilExpires(header) - gone
	}
	return otherwise
}

// untilExpires is from when the answer was made, by the clock that made it,
// until it expires. It is zero for no date, such as "0" (section 5.3).
func untilExpires(header http.Header) time.Duration {
	expires, err := http.ParseTime(header.Get("Expires"))
	if err != nil {
		return 0
	}
	made, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		made = time.Now()
	}
	return max(expires.Sub(made), 0) // what expired long ago would overflow
}

// directives are those of Cache-Control by their names, in lower case. Of one
// that stands twice the first counts.
type directives map[string]string

func (d directives) has(name string) bool {
	_, ok := d[name]
	return ok
}

func directivesOf(header http.Header) directives {
	found := directives{}
	for directive := range strings.SplitSeq(strings.Join(header.Values("Cache-Control"), ","), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		if name = strings.ToLower(name); !found.has(name) {
			found[name] = strings.Trim(value, `"`)
		}
	}
	return found
}

func seconds(n int) time.Duration { return time.Duration(min(max(n, 0), longest)) * time.Second }
