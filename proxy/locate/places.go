package locate

import "net/http"

// InHeader reports whether the location is a header line or a cookie, which
// requests to any path can carry.
func (l Location) InHeader() bool { return l.in == inHeader || l.in == inCookie }

// NeedsBody reports whether a response with this header may have tokens of the
// locations in its body, repeats included: whether [Response.Find] wants to see
// it. A stream of events never ends, and has none.
func NeedsBody(locs []Location, header http.Header) bool {
	media := mediaType(header)
	if media == "text/event-stream" {
		return false
	}
	for _, loc := range locs {
		switch {
		case loc.in == inForm, isText(media) && loc.in != inJSON && loc.in != inBody:
			return true
		case loc.in == inJSON && isJSON(media), loc.in == inBody && isToken(media):
			return true
		}
	}
	return false
}

// IsJSON reports whether a message with this header has a JSON body.
func IsJSON(header http.Header) bool { return isJSON(mediaType(header)) }

// IsForm reports whether a request with this header has a urlencoded form for
// its body. A broken parameter behind the type makes no difference: to lenient
// backends it is a form all the same.
func IsForm(header http.Header) bool { return isForm(mediaType(header)) }

// IsMultipart reports whether a request with this header has a multipart form
// for its body. No token is restored in one; its fields say what is asked for.
func IsMultipart(header http.Header) bool { return isMultipart(mediaType(header)) }
