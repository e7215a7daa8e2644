package locate

import (
	"net/http"
	"strings"
)

// bodySpans returns what is at a location in a body, and for forms, which are
// other things in requests than in responses, what form returns of that name.
func bodySpans(header http.Header, text []byte, loc Location, form func(name string) []span) []span {
	media := mediaType(header)
	switch {
	case loc.in == inJSON && isJSON(media):
		return jsonStrings(text, loc.path())
	case loc.in == inBody && isToken(media):
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

// isText reports whether a body of this media type is text, in which a token
// may grow without breaking the frame around it. A body of no type is one: old
// backends send their redirects so.
func isText(media string) bool {
	switch media {
	case "", "application/xml", "application/javascript", "application/x-www-form-urlencoded":
		return true
	}
	return strings.HasPrefix(media, "text/") || strings.HasSuffix(media, "+xml") || isJSON(media) || isToken(media)
}
