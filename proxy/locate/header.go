package locate

import (
	"net/http"
	"strings"
)

// headerValue returns the value of a header line without white space around it.
func headerValue(text string) []span { return []span{trimmed(text, 0, len(text))} }

// The media types of most messages with tokens.
const (
	jsonType = "application/json"
	formType = "application/x-www-form-urlencoded"
)

// mediaType returns the media type in the Content-Type header, in lower case and
// without parameters. It is empty if there is no Content-Type.
func mediaType(header http.Header) string {
	lines := header["Content-Type"]
	if len(lines) == 0 {
		return ""
	}
	switch lines[0] {
	case jsonType, formType: // the usual case: there is nothing to change
		return lines[0]
	}
	media, _, _ := strings.Cut(lines[0], ";")
	return strings.ToLower(strings.TrimSpace(media))
}
