package locate

import (
	"net/http"
	"strings"
)

// appendBodySpans appends the values at a location in a body, which json reads. form returns
// the values of the form fields of a name: requests and responses have different kinds of
// forms.
func appendBodySpans(dst []span, header http.Header, json *jsonBody, loc Location, form func(name string) []span) []span {
	media, text := mediaType(header), json.text
	switch {
	case loc.in == inJSON && !IsEventStream(header):
		var room [4]string
		return json.appendStrings(dst, loc.appendPath(room[:0]))
	case loc.in == inBody && isJSONBody(text) && !IsEventStream(header):
		return json.appendStrings(dst, nil)
	case loc.in == inBody && (isToken(media) || isTokenBody(text) && !IsEventStream(header)):
		return append(dst, trimmed(string(text), 0, len(text)))
	case loc.in == inForm:
		return append(dst, form(loc.name)...)
	}
	return dst
}

// isToken reports whether a body of this media type can be a token.
func isToken(media string) bool {
	return media == "text/plain" || media == "application/jwt" || strings.HasSuffix(media, "+jwt")
}

// isTokenBody reports whether a body is one token by its bytes. Some backends send it as
// text/html, or without a type.
func isTokenBody(body []byte) bool {
	if start, known := StartsToken(body); !start || !known {
		return false
	}
	return isSignedJWS(trimmed(string(body), 0, len(body)).token)
}

// isText reports whether a body of this media type is text. In text, a token can
// become longer; in a binary format, that could make a length field wrong. A body
// without a media type is text, because old backends send redirects without one.
func isText(media string) bool {
	switch media {
	case "", "application/xml", "application/javascript", "application/x-www-form-urlencoded":
		return true
	}
	return strings.HasPrefix(media, "text/") || strings.HasSuffix(media, "+xml") || isJSON(media) || isToken(media)
}
