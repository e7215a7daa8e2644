// Package cachecontrol says for how long an answer over HTTP stays fresh.
package cachecontrol

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
// (RFC 9111, section 4.2.1): by max-age less its Age (section 5.1), or else by
// Expires, or else as long as the caller says. It is zero for one that is not to
// be kept or that cannot be understood, and can be negative for one that was
// old when it came.
func FreshFor(header http.Header, otherwise time.Duration) time.Duration {
	for directive := range strings.SplitSeq(strings.Join(header.Values("Cache-Control"), ","), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		switch strings.ToLower(name) {
		case "no-store", "no-cache":
			return 0
		case "max-age":
			maxAge, err := strconv.Atoi(strings.Trim(value, `"`))
			if err != nil {
				return 0
			}
			age, _ := strconv.Atoi(header.Get("Age"))
			return time.Duration(bounded(maxAge)-bounded(age)) * time.Second
		}
	}
	if header.Get("Expires") == "" {
		return otherwise
	}
	expires, err := http.ParseTime(header.Get("Expires"))
	if err != nil {
		return 0 // such as "0", which is the past (section 5.3)
	}
	return time.Until(expires)
}

func bounded(seconds int) int { return min(max(seconds, 0), longest) }
