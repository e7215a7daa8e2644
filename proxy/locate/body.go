package locate

import (
	"net/http"
	"strings"
)

// bodySpans returns the values at a location in a body. form returns the values of
// the form fields of a name: requests and responses have different kinds of forms.
func bodySpans(header http.Header, text []byte, loc Location, form func(name string) []span) []span {
	media := mediaType(header)
	switch {
	case loc.in == inJSON && !IsEventStream(header):
		return jsonStrings(text, loc.path())
	case loc.in == inBody && isJSONBody(text) && !IsEventStream(header):
		return jsonStrings(text, nil)
	case loc.in == inBody && (isToken(media) || isTokenBody(text) && !IsEventStream(header)):
		return []span{trimmed(string(text), 0, len(text))}
	case loc.in == inForm:
		return form(loc.name)
	}
	return nil
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
