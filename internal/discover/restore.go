package discover

import (
	"net/http"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/proxy/locate"
)

// restores returns the places of requests in which tokens of the sites came back.
func (s *session) restores(sites []Site) []Restore {
	ours := map[string]bool{}
	for _, site := range sites {
		for _, token := range site.Tokens {
			ours[token] = true
		}
	}
	var found []Restore
	for i := range s.steps {
		st := &s.steps[i]
		if st.Status == http.StatusNotFound || st.Status == http.StatusMethodNotAllowed {
			continue // the backend does not have this path
		}
		for _, o := range st.asked {
			if ours[o.Token] {
				found = addRestore(found, s.restoreOf(st, o, sites))
			}
		}
		if at := s.inPath(st, ours); at != nil {
			found = addRestore(found, *at)
		}
	}
	return found
}

// addRestore counts a place once more, or adds it.
func addRestore(found []Restore, r Restore) []Restore {
	same := func(o Restore) bool { return o.Pattern == r.Pattern && o.Location == r.Location }
	if i := slices.IndexFunc(found, same); i >= 0 {
		found[i].Times++
		return found
	}
	if len(found) == maxPlaces {
		return found
	}
	r.Times = 1
	return append(found, r)
}

// restoreOf says whether the sidecar restores a token of a request.
func (s *session) restoreOf(st *step, o locate.Occurrence, sites []Site) Restore {
	r := Restore{Pattern: st.pattern, Location: o.Location, Shown: s.shape.showLocation(o.Location)}
	switch {
	case restores(st, o, known(st.pattern, sites)):
		r.By = ByDefault
	case s.shape.names(o.Location) && restores(st, o, []locate.Location{o.Location}):
		r.By = BySetting
	}
	return r
}

// restores reports whether the sidecar restores an occurrence with these locations.
func restores(st *step, o locate.Occurrence, locations []locate.Location) bool {
	const mark = "e30.e30.AA" // a token that no session has
	after, _ := st.Request().Restore(locations, func(token string) (string, bool) { return mark, token == o.Token })
	return !slices.ContainsFunc(after.Survey(), func(left locate.Occurrence) bool {
		return left.Location == o.Location && left.Token == o.Token
	})
}

// known returns the locations at which the sidecar looks in requests of a pattern: those of
// its rule, and those of headers and cookies of all rules.
func known(pattern string, sites []Site) (locations []locate.Location) {
	for _, site := range sites {
		if site.Pattern == pattern || site.Location.InHeader() {
			locations = append(locations, site.Location)
		}
	}
	return locations
}

// inPath returns a place for a token in the path of a request, where it cannot be restored.
func (s *session) inPath(st *step, ours map[string]bool) *Restore {
	for token := range ours {
		if strings.Contains(st.Path, token) {
			return &Restore{Pattern: st.pattern, Shown: "the path", By: Never, InPath: true}
		}
	}
	return nil
}
