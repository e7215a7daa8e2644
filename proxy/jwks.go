package proxy

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tokengraft/tokengraft/internal/httpcache"
)

// answerJWKS answers a request for the JWK Set. It reports whether it did, and if so the
// error. It does not if the request is for another path, or if the backend must answer.
func (x *exchange) answerJWKS(r *http.Request) (answered bool, err error) {
	s := x.snapshot
	if s.Keys == nil || !anyMatches(s.JWKSPaths, r.URL) {
		return false, nil
	}
	set, maxAge, err := s.Keys.JWKS()
	if err != nil && anyMatches(s.BackendJWKSPaths, r.URL) {
		x.backendKeys = true
		return false, nil
	}
	return true, serveJWKS(&x.w, r, set, maxAge, err)
}

// anyMatches reports whether a request for u is for one of the paths. A path can have a
// query, whose parameters the request must have.
func anyMatches(paths []string, u *url.URL) bool {
	requested := cleanPath(u.Path)
	return slices.ContainsFunc(paths, func(at string) bool {
		path, query, _ := strings.Cut(at, "?")
		return path == requested && (query == "" || hasParameters(u.Query(), query))
	})
}

func hasParameters(got url.Values, query string) bool {
	wanted, _ := url.ParseQuery(query)
	for name, values := range wanted {
		for _, value := range values {
			if !slices.Contains(got[name], value) {
				return false
			}
		}
	}
	return true
}

// maxBackendKeysAge is how long clients may cache the backend's own JWK Set, which does
// not have our keys.
const maxBackendKeysAge = 30 * time.Second

// limitCaching makes clients ask soon again for a JWK Set that the backend served itself.
// An error that says nothing about caching stays as it is: clients do not cache it.
func limitCaching(res *http.Response) {
	silent := res.Header.Get("Cache-Control") == "" && res.Header.Get("Expires") == ""
	if silent && res.StatusCode >= 400 {
		return
	}
	httpcache.Limit(res.Header, maxBackendKeysAge)
	dropHeaders(res, messageFields)
}

// serveJWKS serves the merged JWK Set, also to browsers of any origin (law E1). fault is
// why there is no complete set yet. Then it returns problemNoKeys, because clients would
// cache an incomplete set.
func serveJWKS(w http.ResponseWriter, r *http.Request, set []byte, maxAge time.Duration, fault error) error {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	switch r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodOptions:
		h.Set("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS")
		h.Set("Access-Control-Allow-Headers", "*")
		h.Set("Access-Control-Max-Age", "86400")
		w.WriteHeader(http.StatusNoContent)
		return nil
	default:
		h.Set("Allow", "GET, HEAD, OPTIONS")
		return problemMethod
	}
	if fault != nil {
		return problemNoKeys
	}
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "public, max-age="+strconv.Itoa(int(maxAge.Seconds())))
	h.Set("Content-Length", strconv.Itoa(len(set)))
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodGet {
		w.Write(set)
	}
	return nil
}
