package locate

import (
	"net/http"
	"slices"
)

// InHeader reports whether the location is a header or a cookie. Clients can send
// these to any path, not only to the paths of the rule.
func (l Location) InHeader() bool { return l.in == inHeader || l.in == inCookie }

// InCookie reports whether the location is a cookie.
func (l Location) InCookie() bool { return l.in == inCookie }

// InRequests reports whether a request can have a token at the location.
func (l Location) InRequests() bool { return l.in != inFragment && l.in != inBody }

// InJSON reports whether the location is in a JSON body.
func (l Location) InJSON() bool { return l.in == inJSON }

// NeedsBody reports whether [Response.Find] needs the body of a response with this
// header: because a location is in such a body, or because the header has a token that
// the body may repeat. It returns false for an event stream, which never ends. A body of
// another type is needed if it [MayBeJSON] and [StartsJSON] says that it is.
func NeedsBody(locs []Location, header http.Header) bool {
	if IsEventStream(header) {
		return false
	}
	media := mediaType(header)
	inBody := func(loc Location) bool { return loc.inBodyOf(media) }
	return slices.ContainsFunc(locs, inBody) || isText(media) && len(Response{Header: header}.Find(locs)) > 0
}

// inBodyOf reports whether a response of this media type can have a token of the location
// in its body.
func (l Location) inBodyOf(media string) bool {
	switch l.in {
	case inJSON:
		return isJSON(media)
	case inBody:
		return isToken(media) || isJSON(media)
	}
	return l.in == inForm
}

// InBody reports whether the location is in the body of a response.
func (l Location) InBody() bool { return l.in == inJSON || l.in == inBody || l.in == inForm }

// IsJSON reports whether a message with this header has a JSON body.
func IsJSON(header http.Header) bool { return isJSON(mediaType(header)) }

// IsText reports whether a message with this header has a body of text, or one without a
// type.
func IsText(header http.Header) bool { return isText(mediaType(header)) }

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
