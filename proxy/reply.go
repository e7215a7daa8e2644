package proxy

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// A reply is a response that the proxy itself sends.
type reply struct {
	status      int
	contentType string
	body        []byte
}

// write sends the reply to the client.
func (r reply) write(w http.ResponseWriter) {
	r.setHeader(w.Header())
	w.WriteHeader(r.status)
	w.Write(r.body)
}

func (r reply) setHeader(h http.Header) {
	h.Set("Content-Type", r.contentType)
	h.Set("Content-Length", strconv.Itoa(len(r.body)))
	h.Set("Cache-Control", "no-store")
	h.Set("Date", time.Now().UTC().Format(http.TimeFormat))
}

// replace replaces the backend's response with a reply (law G1). It keeps the headers
// that a browser needs to read the reply, and the given Set-Cookie lines. It sets no
// Retry-After, because the backend has already used up the code or refresh token.
func replace(res *http.Response, cookies []string, with reply) {
	kept := http.Header{}
	for name, values := range res.Header {
		if name == "Vary" || strings.HasPrefix(name, "Access-Control-") {
			kept[name] = values
		}
	}
	if len(cookies) > 0 {
		kept["Set-Cookie"] = cookies
	}
	with.setHeader(kept)
	res.Header = kept
	res.Trailer = nil
	res.StatusCode = with.status
	res.Status = strconv.Itoa(with.status) + " " + http.StatusText(with.status)
	setBody(res, with.body)
	res.ContentLength = int64(len(with.body))
}
