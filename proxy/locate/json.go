package locate

import (
	"strings"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// isJSON reports whether a media type is JSON (RFC 6839, section 3.1).
func isJSON(media string) bool {
	return media == "application/json" || strings.HasSuffix(media, "+json")
}

// RewriteJSON returns a JSON body with the strings at its json: locations
// rewritten. Every other byte stays; a body that is not JSON comes back as it is.
func RewriteJSON(body []byte, locs []Location, rewrite func(string) string) []byte {
	var changes []span
	for _, loc := range locs {
		if loc.in != inJSON {
			continue
		}
		for _, s := range jsonStrings(body, loc.path()) {
			if with := rewrite(s.token); with != s.token {
				quoted := jsonedit.Quote(with)
				changes = append(changes, span{s.start, s.end, string(quoted[1 : len(quoted)-1])})
			}
		}
	}
	if len(changes) == 0 {
		return body
	}
	return []byte(splice(string(body), changes))
}

// jsonStrings returns the strings at a path, without their quotes. In a body
// that is not JSON there are none.
func jsonStrings(body []byte, path jsonedit.Path) []span {
	found, err := jsonedit.Strings(body, path)
	if err != nil {
		return nil
	}
	spans := make([]span, len(found))
	for i, s := range found {
		spans[i] = span{s.Start + 1, s.End - 1, s.Value}
	}
	return spans
}
