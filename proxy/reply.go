package proxy

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/tokengraft/tokengraft/internal/reply"
)

// replace replaces the backend's response with a reply (law G1). It keeps the headers
// that a browser needs to read the reply, and the given Set-Cookie lines. It sets no
// Retry-After, because the backend has already used up the code or refresh token.
func replace(res *http.Response, cookies []string, with reply.Reply) {
	kept := http.Header{}
	for name, values := range res.Header {
		if name == "Vary" || strings.HasPrefix(name, "Access-Control-") {
			kept[name] = values
		}
	}
	if len(cookies) > 0 {
		kept["Set-Cookie"] = cookies
	}
	with.SetHeader(kept)
	res.Header = kept
	res.Trailer = nil
	res.StatusCode = with.Status
	res.Status = strconv.Itoa(with.Status) + " " + http.StatusText(with.Status)
	setBody(res, with.Body)
	res.ContentLength = int64(len(with.Body))
}
