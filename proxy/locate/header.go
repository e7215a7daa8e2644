package locate

import (
	"net/http"
	"strings"
)

// headerValue returns the value of a header line, if it has one.
func headerValue(text string) []span { return []span{trimmed(text, 0, len(text))} }

// mediaType returns the type in a Content-Type header without its parameters,
// in lower case. It is empty where there is none.
func mediaType(header http.Header) string {
	media, _, _ := strings.Cut(header.Get("Content-Type"), ";")
	return strings.ToLower(strings.TrimSpace(media))
}
