package discover

import (
	"strconv"
	"strings"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// learnPurpose learns from another token of a place what its tokens are for. Refresh tokens
// count only if there are no others.
func (site *Site) learnPurpose(t *enrich.Token) {
	purpose, claim := purposeOf(t)
	refresh := purpose == refreshPurpose
	switch {
	case !site.learned:
		site.Purpose, site.PurposeClaim = purpose, claim
	case refresh != (site.Purpose == refreshPurpose):
		site.Mixed = true
		if !refresh {
			site.Purpose, site.PurposeClaim = purpose, claim
		}
	case site.Purpose == unknownPurpose:
		site.Purpose, site.PurposeClaim = purpose, claim
	}
	site.learned = true
}

// maxIndex limits which elements of a list are tried.
const maxIndex = 8

// narrow names the element of a list that has the access tokens, if refresh tokens are in
// the same list and the element is the same in all answers.
func (s *session) narrow(site *Site) {
	before, after, found := strings.Cut(site.Location.String(), ".*.")
	if !site.Mixed || !found || strings.Contains(after, "*") {
		return
	}
	for i := range maxIndex {
		location, err := locate.Parse(before + "." + strconv.Itoa(i) + "." + after)
		if err == nil && s.onlyAccess(site.Pattern, location, site.Answers) {
			site.Location, site.Mixed = location, false
			return
		}
	}
}

// onlyAccess reports whether so many answers of a pattern have a token at a location, and
// none of these is a refresh token.
func (s *session) onlyAccess(pattern string, location locate.Location, answers int) bool {
	have := 0
	for i := range s.steps {
		st := &s.steps[i]
		if st.pattern != pattern || len(st.answer) == 0 {
			continue
		}
		found := st.Response().Find([]locate.Location{location})
		for _, f := range found {
			if t, err := enrich.ParseToken(f.Token); err != nil || isRefresh(t) {
				return false
			}
		}
		have += oneIf(len(found) > 0)
	}
	return have == answers
}

func isRefresh(t *enrich.Token) bool {
	purpose, _ := purposeOf(t)
	return purpose == refreshPurpose
}
