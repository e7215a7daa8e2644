package locate

import (
	"strings"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// isJSON reports whether a media type is JSON (RFC 6839, section 3.1). A body can be JSON
// whatever its type says: see jsonStart.
func isJSON(media string) bool {
	return media == "application/json" || strings.HasSuffix(media, "+json")
}

// RewriteJSON calls rewrite for each string at the json: locations of a JSON body and
// replaces the string with the result. All other bytes stay unchanged, and so does a
// body that is not JSON. It ignores other locations. The result may be body itself;
// RewriteJSON never writes to body.
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

// jsonStrings returns the strings at a path, without their quotes. It returns none
// for a body that is not JSON.
func jsonStrings(body []byte, path jsonedit.Path) []span {
	start, ok := jsonStart(body)
	if !ok {
		return nil
	}
	found, err := jsonedit.Strings(body[start:], path)
	if err != nil {
		return nil
	}
	spans := make([]span, len(found))
	for i, s := range found {
		spans[i] = span{start + s.Start + 1, start + s.End - 1, s.Value}
	}
	return spans
}
