package proxy

import (
	"net/http"
	"net/textproto"
	"strings"
)

// withoutHopByHop returns a header without the fields that Connection names (RFC 9110,
// section 7.6.1). The backend does not get them, so nothing here may decide by them
// either. It returns h itself if there are none.
//
// Connection, Upgrade and TE stay, because the reverse proxy needs them, and removes
// them. The forwarded headers stay too: they are for every recipient, so a client must
// not be able to remove those of a trusted proxy.
func withoutHopByHop(h http.Header) http.Header {
	var out http.Header
	for _, line := range h["Connection"] {
		for name := range strings.SplitSeq(line, ",") {
			name = http.CanonicalHeaderKey(textproto.TrimString(name))
			if _, has := h[name]; !has || keepsHop(name) {
				continue
			}
			if out == nil {
				out = h.Clone()
			}
			delete(out, name)
		}
	}
	if out == nil {
		return h
	}
	return out
}

func keepsHop(name string) bool {
	return name == "Connection" || name == "Upgrade" || name == "Te" || isForwardedHeader(name)
}
