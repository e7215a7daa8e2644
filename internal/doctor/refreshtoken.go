package doctor

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// refreshToken returns the path of the first text in a JSON answer whose name has refresh
// in it.
func (e exchange) refreshToken() (jsonedit.Path, bool) {
	var body any
	if json.Unmarshal(e.json(), &body) != nil {
		return nil, false
	}
	return refreshIn(body, nil)
}

func refreshIn(value any, at jsonedit.Path) (jsonedit.Path, bool) {
	const deepest = 8
	object, ok := value.(map[string]any)
	if !ok || len(at) == deepest {
		return nil, false
	}
	names := slices.Sorted(maps.Keys(object))
	for _, name := range names {
		if text, ok := object[name].(string); ok && text != "" && strings.Contains(strings.ToLower(name), "refresh") {
			return append(slices.Clone(at), name), true
		}
	}
	for _, name := range names {
		if found, ok := refreshIn(object[name], append(slices.Clone(at), name)); ok {
			return found, true
		}
	}
	return nil, false
}

func (j cookieJar) hasRefreshToken() bool {
	for name := range j {
		if strings.Contains(strings.ToLower(name), "refresh") {
			return true
		}
	}
	return false
}
