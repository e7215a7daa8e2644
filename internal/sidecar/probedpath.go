package sidecar

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// A probedPath is a path of a preset.
type probedPath struct {
	text    string // as in the pattern, without {$}
	getSafe bool   // no rule of the preset is for GET, which could use up a link
}

var wildcard = regexp.MustCompile(`\{[^}]*\}`)

// probedPaths returns the paths of patterns. It leaves out patterns of all paths below
// another.
func probedPaths(patterns []string) (paths []probedPath) {
	for _, pattern := range patterns {
		method, path, _ := strings.Cut(pattern, "/")
		path = "/" + path
		if strings.HasSuffix(path, "/") {
			continue
		}
		path = strings.TrimSuffix(path, "{$}")
		i := slices.IndexFunc(paths, func(p probedPath) bool { return p.text == path })
		if i < 0 {
			i, paths = len(paths), append(paths, probedPath{path, true})
		}
		if method = strings.TrimSpace(method); method == "" || method == http.MethodGet {
			paths[i].getSafe = false
		}
	}
	return paths
}

// url returns the path with texts for its wildcards.
func (p probedPath) url() string {
	return wildcard.ReplaceAllString(p.text, "tokengraft")
}

// neighbour returns a path of the same shape that no backend has: its last fixed segment
// is another.
func (p probedPath) neighbour(segment string) string {
	segments := strings.Split(p.text, "/")
	for i := len(segments) - 1; i > 0; i-- {
		if segments[i] != "" && !wildcard.MatchString(segments[i]) {
			segments[i] = segment
			break
		}
	}
	return wildcard.ReplaceAllString(strings.Join(segments, "/"), "tokengraft")
}
