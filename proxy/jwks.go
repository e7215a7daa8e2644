package proxy

import (
	"net/http"
	"strconv"
)

// serveJWKS serves the merged JWK Set, also to browsers of any origin (law E1). If the
// set is not complete yet, it returns problemNoKeys, because clients would cache an
// incomplete set.
func serveJWKS(w http.ResponseWriter, r *http.Request, keys KeySet) error {
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
	set, maxAge, err := keys.JWKS()
	if err != nil {
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
