package doctor

import (
	"maps"
	"net/http"
	"strings"
	"time"
)

// A cookieJar keeps cookies by name. All requests go to one sidecar, so unlike a browser
// it ignores their paths and domains, and it sends those with Secure although the
// connection to the sidecar itself may be plain HTTP.
type cookieJar map[string]string

// keep takes over the cookies of an answer.
func (j cookieJar) keep(header http.Header) {
	for _, cookie := range (&http.Response{Header: header}).Cookies() {
		expired := !cookie.Expires.IsZero() && cookie.MaxAge == 0 && cookie.Expires.Before(time.Now())
		if cookie.MaxAge < 0 || expired || cookie.Value == "" {
			delete(j, cookie.Name)
		} else {
			j[cookie.Name] = cookie.Value
		}
	}
}

// without returns a copy that does not have the cookies with this text.
func (j cookieJar) without(text string) cookieJar {
	rest := maps.Clone(j)
	maps.DeleteFunc(rest, func(_, value string) bool { return strings.Contains(value, text) })
	return rest
}

// addTo adds all cookies to a request, unless it has its own.
func (j cookieJar) addTo(r *http.Request) {
	if r.Header.Get("Cookie") != "" {
		return
	}
	for name, value := range j {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
}
