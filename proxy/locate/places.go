package locate

import "net/http"

// InHeader reports whether the location is a header line or a cookie, which
// requests to any path can carry.
func (l Location) InHeader() bool { return l.in == inHeader || l.in == inCookie }

// NeedsBody reports whether [Response.Find] needs the body of a response with this
// header: whether it may contain tokens of the locations, repeats included. An
// event stream never ends, so it contains none.
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

// IsForm reports whether the body of a request with this header is a urlencoded
// form. It ignores parameters of the media type, even broken ones, as lenient
// backends do.
func IsForm(header http.Header) bool { return isForm(mediaType(header)) }

// IsMultipart reports whether the body of a request with this header is a multipart
// form. [Request.Restore] does not look into one; [Request.IsRefresh] and
// [Request.Param] do.
func IsMultipart(header http.Header) bool { return isMultipart(mediaType(header)) }
