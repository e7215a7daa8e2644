// Package httpcache calculates how long an HTTP response stays fresh (RFC 9111).
package httpcache

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxSeconds limits every number of seconds in a header. It is longer than any
// caller waits, and too short to overflow a time.Duration.
const maxSeconds = 1 << 20

// FreshFor returns how long a response with this header stays fresh, from the
// moment it arrived (RFC 9111, section 4.2.1). That is its max-age, or the time
// until Expires, minus its Age (section 5.1). A header with neither gets the
// default.
//
// The result is zero if the response must not be stored, must be revalidated
// each time, or has a value that cannot be parsed. It is negative if the
// response was already too old when it arrived.
func FreshFor(header http.Header, byDefault time.Duration) time.Duration {
	n, _ := strconv.Atoi(header.Get("Age"))
	age := seconds(n)
	directives := directivesOf(header)
	switch {
	case directives.has("no-store"), directives.has("no-cache"):
		return 0
	case directives.has("max-age"):
		maxAge, err := strconv.Atoi(directives["max-age"])
		if err != nil {
			return 0
		}
		return seconds(maxAge) - age
	case header.Get("Expires") != "":
		return untilExpires(header) - age
	}
	return byDefault
}

// untilExpires returns the time from Date to Expires, so it does not depend on
// our clock if the response has a Date. It is zero if Expires is not a date, such
// as "0" (section 5.3).
func untilExpires(header http.Header) time.Duration {
	expires, err := http.ParseTime(header.Get("Expires"))
	if err != nil {
		return 0
	}
	created, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		created = time.Now()
	}
	return max(expires.Sub(created), 0) // a date long ago would overflow below
}

// directives are the directives of Cache-Control by name, in lower case. If a
// directive is repeated, the first one applies.
type directives map[string]string

func (d directives) has(name string) bool {
	_, ok := d[name]
	return ok
}

func directivesOf(header http.Header) directives {
	found := directives{}
	for _, directive := range split(header) {
		name, value, _ := strings.Cut(directive, "=")
		if name = strings.ToLower(name); !found.has(name) {
			found[name] = strings.Trim(value, `"`)
		}
	}
	return found
}

// Limit changes the header so that no cache uses the response for longer than limit, from
// now on. A response that may be used for a shorter time stays as short.
func Limit(header http.Header, limit time.Duration) {
	fresh := max(min(FreshFor(header, limit), limit), 0)
	kept := slices.DeleteFunc(split(header), func(directive string) bool {
		name, _, _ := strings.Cut(strings.ToLower(directive), "=")
		return directive == "" || slices.Contains(lengthening, name)
	})
	kept = append(kept, "max-age="+strconv.Itoa(int(fresh.Seconds())))
	header.Set("Cache-Control", strings.Join(kept, ", "))
	for _, other := range []string{"Age", "Expires", "Cdn-Cache-Control", "Surrogate-Control"} {
		header.Del(other)
	}
}

// lengthening are the directives that say for how long a response may be used (RFC 9111,
// section 5.2.2; RFC 5861; RFC 8246).
var lengthening = []string{"max-age", "s-maxage", "stale-while-revalidate", "stale-if-error", "immutable"}

// split returns the directives of Cache-Control.
func split(header http.Header) []string {
	directives := strings.Split(strings.Join(header.Values("Cache-Control"), ","), ",")
	for i, directive := range directives {
		directives[i] = strings.TrimSpace(directive)
	}
	return directives
}

func seconds(n int) time.Duration { return time.Duration(min(max(n, 0), maxSeconds)) * time.Second }
