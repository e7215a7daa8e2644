package discover

import (
	"slices"
	"strings"
)

// mergeProviders gives a path the pattern with {provider} if it differs from it only in
// this segment and its answers have tokens at the same places: /auth/google/callback and
// /auth/acme/callback are one route.
func (s *session) mergeProviders() {
	places := map[string][]string{} // the locations of tokens, by pattern
	for i := range s.steps {
		st := &s.steps[i]
		for _, o := range st.answer {
			places[st.pattern] = append(places[st.pattern], o.Location.String())
		}
	}
	for i := range s.steps {
		st := &s.steps[i]
		for general, at := range places {
			if strings.Contains(general, "{provider}") && covers(general, st.pattern) && shares(at, places[st.pattern]) {
				st.pattern = general
			}
		}
	}
}

// covers reports whether a pattern differs from one with {provider} only in this segment.
func covers(general, pattern string) bool {
	g, p := strings.Split(general, "/"), strings.Split(pattern, "/")
	if len(g) != len(p) || general == pattern {
		return false
	}
	for i := range g {
		if g[i] != p[i] && (g[i] != "{provider}" || strings.HasPrefix(p[i], "{")) {
			return false
		}
	}
	return true
}

func shares(a, b []string) bool {
	return slices.ContainsFunc(a, func(text string) bool { return slices.Contains(b, text) })
}
