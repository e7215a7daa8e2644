package locate

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
)

// MayBePage reports whether a message with this header may have an HTML page as its
// body: if it says so, or if it has no content type, as the form_post page of some
// backends.
func MayBePage(header http.Header) bool {
	switch mediaType(header) {
	case "", "text/html", "application/xhtml+xml":
		return true
	}
	return false
}

// StartsPage reports whether a body can be an HTML page by its start. A body whose header
// says that it is one can also start with text.
func StartsPage(header http.Header, start []byte) bool {
	start = bytes.TrimLeft(bytes.TrimPrefix(start, []byte("\ufeff")), htmlSpace)
	return len(start) == 0 || start[0] == '<' || mediaType(header) != ""
}

// NamesForm reports whether a page can have a hidden input of one of the locations: it
// has a form, and their names. It is much cheaper than [Response.Find].
func NamesForm(page []byte, locs []Location) bool {
	return HasForm(page) && slices.ContainsFunc(locs, func(loc Location) bool {
		return loc.in == inForm && bytes.Contains(page, []byte(loc.name))
	})
}

// HasForm reports whether a page has the tag of a form, in any case.
func HasForm(page []byte) bool {
	const tag = "<form"
	for {
		start := bytes.IndexByte(page, '<')
		if start < 0 || len(page)-start < len(tag) {
			return false
		}
		if strings.EqualFold(string(page[start:start+len(tag)]), tag) {
			return true
		}
		page = page[start+1:]
	}
}
