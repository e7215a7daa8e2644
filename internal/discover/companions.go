package discover

import "slices"

// withoutCompanions returns the sites without those of tokens that are probably refresh
// tokens, although neither their name nor a claim says so: they came back, but only to get
// new tokens, and never in Authorization. Another token came next to them.
func (s *session) withoutCompanions(sites []Site) (kept []Site, excluded []Excluded) {
	for i := range sites {
		site := &sites[i]
		hasOther := slices.ContainsFunc(sites, func(o Site) bool {
			return o.Pattern == site.Pattern && o.Location != site.Location && o.Kind == site.Kind && !slices.Contains(o.Tokens, site.Tokens[0]) && !s.onlyRenews(&o)
		})
		if hasOther && s.onlyRenews(site) {
			excluded = append(excluded, Excluded{site.Pattern, s.shape.showLocation(site.Location), "It is probably a refresh token: it came back only to get new tokens. It stays untouched."})
			continue
		}
		kept = append(kept, *site)
	}
	return kept, excluded
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
