package locate

import (
	"net/http"
	"strings"
)

// headerValue returns the value of a header line without white space around it.
func headerValue(text string) []span { return []span{trimmed(text, 0, len(text))} }

// mediaType returns the media type in the Content-Type header, in lower case and
// without parameters. It is empty if there is no Content-Type.
func mediaType(header http.Header) string {
	lines := header["Content-Type"]
	if len(lines) == 0 {
		return ""
	}
	media, _, _ := strings.Cut(lines[0], ";")
	return strings.ToLower(strings.TrimSpace(media))
}
