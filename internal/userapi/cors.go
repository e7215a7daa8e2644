package userapi

import (
	"net/http"
	"slices"
	"strings"
)

// CORS says which web pages may send requests to an endpoint and read its answers. It never
// allows credentials: the token is in a header that the page sets itself. The zero CORS
// allows no pages.
type CORS struct {
	// Origins are the allowed ones, such as https://app.example.com, or * for all.
	Origins []string
	// Methods are all methods of the endpoint. Headers are the request headers that it
	// reads.
	Methods, Headers []string
}

// preflightAge is how long browsers may remember what is allowed, in seconds. Chrome
// remembers nothing for longer than two hours.
const preflightAge = "7200"

// exposed are the response headers that pages may read.
const exposed = "ETag, Retry-After, WWW-Authenticate"

// Answer sets the headers that a browser asks for, and answers OPTIONS. If it returns true,
// it has sent the response. A request from an origin that is not allowed gets the same
// answer without these headers, so the browser does not show it to the page.
func (c CORS) Answer(w http.ResponseWriter, r *http.Request) (done bool) {
	h := w.Header()
	allowed := c.allow(h, r.Header["Origin"])
	if r.Method != http.MethodOptions {
		if allowed {
			h.Set("Access-Control-Expose-Headers", exposed)
		}
		return false
	}
	if allowed && r.Header.Get("Access-Control-Request-Method") != "" {
		h.Set("Access-Control-Allow-Methods", strings.Join(c.Methods, ", "))
		h.Set("Access-Control-Allow-Headers", strings.Join(c.Headers, ", "))
		h.Set("Access-Control-Max-Age", preflightAge)
	}
	h.Set("Allow", strings.Join(append(slices.Clone(c.Methods), http.MethodOptions), ", "))
	w.WriteHeader(http.StatusNoContent)
	return true
}

// allow allows the origin of a request if it is one of Origins. Origins are compared
// exactly, as browsers write them.
func (c CORS) allow(h http.Header, origin []string) bool {
	if slices.Contains(c.Origins, "*") {
		h.Set("Access-Control-Allow-Origin", "*")
		return true
	}
	if len(c.Origins) == 0 {
		return false
	}
	h.Add("Vary", "Origin") // also without one, or a cache would give this answer to a page
	if len(origin) != 1 || !slices.Contains(c.Origins, origin[0]) {
		return false
	}
	h.Set("Access-Control-Allow-Origin", origin[0])
	return true
}
