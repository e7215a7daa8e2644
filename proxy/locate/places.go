package locate

import "net/http"

// InHeader reports whether the location is a header or a cookie. Clients can send
// these to any path, not only to the paths of the rule.
func (l Location) InHeader() bool { return l.in == inHeader || l.in == inCookie }

// InJSON reports whether the location is in a JSON body.
func (l Location) InJSON() bool { return l.in == inJSON }

// NeedsBody reports whether [Response.Find] needs the body of a response with this
// header, because the body may contain a token of the locations or a repeat of one.
// It returns false for an event stream, which never ends.
func NeedsBody(locs []Location, header http.Header) bool {
	media := mediaType(header)
	if IsEventStream(header) {
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

// IsEventStream reports whether the body of a response with this header is a stream of
// events, which never ends.
func IsEventStream(header http.Header) bool { return mediaType(header) == "text/event-stream" }

// IsForm reports whether the body of a request with this header is a urlencoded
// form. Like lenient backends it ignores parameters of the media type, even invalid
// ones.
func IsForm(header http.Header) bool { return isForm(mediaType(header)) }

// IsMultipart reports whether the body of a request with this header is a multipart
// form. [Request.Classify] and [Request.Param] read such a form, but
// [Request.Restore] does not.
func IsMultipart(header http.Header) bool { return isMultipart(mediaType(header)) }
