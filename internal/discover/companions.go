package discover

import (
	"slices"

	"github.com/tokengraft/tokengraft/proxy/locate"
)

// withoutCompanions returns the sites without those of tokens that are probably refresh
// tokens, although neither their name nor a claim says so: they came back, but only to get
// new tokens, and never in Authorization. Another token came next to them.
// The new refresh token that an answer to a refresh has at the same location is one as well,
// although it did not come back any more.
func (s *session) withoutCompanions(sites []Site) (kept []Site, excluded []Excluded) {
	const why = "It is probably a refresh token: it came back only to get new tokens. It stays untouched."
	var renewing []locate.Location
	for i := range sites {
		if s.hasCompanion(sites, &sites[i]) && s.onlyRenews(&sites[i]) {
			renewing = append(renewing, sites[i].Location)
		}
	}
	for i := range sites {
		site := &sites[i]
		if slices.Contains(renewing, site.Location) && s.hasCompanion(sites, site) && !s.isBearer(site) {
			excluded = append(excluded, Excluded{site.Pattern, s.shape.showLocation(site.Location), why})
			continue
		}
		kept = append(kept, *site)
	}
	return kept, excluded
}

// hasCompanion reports whether another token of the same kind came next to that of a site,
// which is not only for new tokens.
func (s *session) hasCompanion(sites []Site, site *Site) bool {
	return slices.ContainsFunc(sites, func(o Site) bool {
		return o.Pattern == site.Pattern && o.Location != site.Location && o.Kind == site.Kind && !slices.Contains(o.Tokens, site.Tokens[0]) && !s.onlyRenews(&o)
	})
}

// onlyRenews reports whether tokens of a site came back, and only outside of Authorization
// in requests that issued new tokens.
func (s *session) onlyRenews(site *Site) bool {
	came := false
	for i := range s.steps {
		st := &s.steps[i]
		for _, o := range st.asked {
			if !slices.Contains(site.Tokens, o.Token) {
				continue
			}
			if o.Location.String() == "header:Authorization" || !st.issuesNew() {
				return false
			}
			came = true
		}
	}
	return came
}

// issuesNew reports whether the answer has a token that the client did not send.
func (st *step) issuesNew() bool {
	for _, o := range st.answer {
		if st.issued(o.Token) {
			return true
		}
	}
	return false
}
