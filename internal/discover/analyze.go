package discover

import (
	"fmt"
	"slices"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/muxpattern"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// Analyze says where the tokens of a session are, and what they are. The exchanges must be
// in the order in which they began.
func Analyze(exchanges []Exchange) Analysis {
	s := newSession(exchanges)
	a := Analysis{Requests: len(exchanges)}
	a.Sites, a.Excluded = s.sites()
	s.markBearers(a.Sites)
	a.Refreshes = s.refreshes(a.Sites)
	s.joinHeaders(&a)
	dropConflicts(&a)
	a.Restores = s.restores(a.Sites)
	a.Lines = s.lineSizes(a.Sites)
	a.LargestHeader, a.LargestHeaderOf = s.largestHeader()
	a.Tokens = samples(a.Sites)
	a.Issuers, a.Audiences = s.parties(a.Sites)
	a.Unreadable = Unreadable(exchanges, s.shape.path)
	if s.morePlaces {
		a.Unreadable = append(a.Unreadable, fmt.Sprintf("More than %d places of answers have JWTs. Only the first were looked at", maxPlaces))
	}
	for i := range s.steps {
		st := &s.steps[i]
		a.Unread += oneIf(st.Cut)
		a.Sent += oneIf(len(st.asked) > 0)
		if st.endsSession() && !slices.Contains(a.Logouts, st.pattern) {
			a.Logouts = append(a.Logouts, st.pattern)
		}
	}
	return a
}

func oneIf(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

func (s *session) markBearers(sites []Site) {
	for i := range sites {
		sites[i].Bearer = s.isBearer(&sites[i])
	}
}

// refreshes says for each pattern of the sites how to distinguish refreshes from logins.
func (s *session) refreshes(sites []Site) (refreshes []Refresh) {
	steps := map[string][]int{} // that issued tokens
	for i := range s.steps {
		if st := &s.steps[i]; st.issuesAt(sites) {
			steps[st.pattern] = append(steps[st.pattern], i)
		}
	}
	for _, pattern := range patterns(sites) {
		if len(steps[pattern]) > 0 {
			refreshes = append(refreshes, s.refreshOf(pattern, steps[pattern]))
		}
	}
	return refreshes
}

// issuesAt reports whether the answer has a token that the client did not send, at one of
// the sites.
func (st *step) issuesAt(sites []Site) bool {
	return slices.ContainsFunc(st.answer, func(o locate.Occurrence) bool {
		return st.issued(o.Token) && slices.ContainsFunc(sites, func(site Site) bool { return site.Pattern == st.pattern && site.seenAt == o.Location })
	})
}

// patterns returns the patterns of the sites, each once, in their order.
func patterns(sites []Site) (patterns []string) {
	for _, site := range sites {
		if !slices.Contains(patterns, site.Pattern) {
			patterns = append(patterns, site.Pattern)
		}
	}
	return patterns
}

// anyPath is the pattern of a rule for the answers to all requests.
const anyPath = "/"

// minAnywhere is from how many patterns with a new token in the same header on it is
// likely that any answer can have one.
const minAnywhere = 3

// joinHeaders replaces the sites in a header or cookie that answers to many requests have,
// and not only logins, by one for all paths: such a backend renews the token with any
// answer.
func (s *session) joinHeaders(a *Analysis) {
	renewing := map[locate.Location][]string{}
	for _, site := range a.Sites {
		if r := refreshOf(*a, site.Pattern); site.Location.InHeader() && r != nil && r.Seen {
			renewing[site.Location] = append(renewing[site.Location], site.Pattern)
		}
	}
	joined := false
	var kept []Site
	for _, site := range a.Sites {
		if from := renewing[site.Location]; len(from) < minAnywhere || !slices.Contains(from, site.Pattern) {
			kept = append(kept, site)
			continue
		}
		joined = true
		site.Pattern = anyPath
		if i := slices.IndexFunc(kept, func(o Site) bool { return o.Pattern == anyPath && o.Location == site.Location }); i >= 0 {
			kept[i].Answers += site.Answers
			kept[i].Largest = max(kept[i].Largest, site.Largest)
			kept[i].Line = max(kept[i].Line, site.Line)
		} else {
			kept = append(kept, site)
		}
	}
	a.Sites = kept
	if joined {
		a.Refreshes = append(a.Refreshes, Refresh{anyPath, proxy.RefreshAlways, "Answers to several paths had a new token in a header, so any answer can have one.", true})
	}
}

// dropConflicts moves the sites whose pattern conflicts with an earlier one to the
// excluded.
func dropConflicts(a *Analysis) {
	var used []string
	for _, pattern := range patterns(a.Sites) {
		if muxpattern.Check(append(slices.Clone(used), pattern)...) == nil {
			used = append(used, pattern)
			continue
		}
		a.Sites = slices.DeleteFunc(a.Sites, func(site Site) bool {
			if site.Pattern == pattern {
				a.Excluded = append(a.Excluded, Excluded{pattern, site.Location.String(), "Its pattern conflicts with that of another rule. Write a rule for the paths that you know."})
			}
			return site.Pattern == pattern
		})
	}
}

// samples returns tokens of the sites, access tokens first.
func samples(sites []Site) (tokens []string) {
	for _, kind := range []enrich.Kind{enrich.Access, enrich.ID} {
		for _, site := range sites {
			for _, token := range site.Tokens {
				if site.Kind == kind && len(tokens) < 4*maxSamples && !slices.Contains(tokens, token) {
					tokens = append(tokens, token)
				}
			}
		}
	}
	return tokens
}

// parties returns the issuers of the tokens, and the audiences that all access tokens
// have in common with others, sorted.
func (s *session) parties(sites []Site) (issuers, audiences []string) {
	for _, site := range sites {
		for _, raw := range site.Tokens {
			t := s.parsed[raw]
			if t == nil {
				continue
			}
			if iss := textClaim(t, "iss"); iss != "" && !slices.Contains(issuers, iss) {
				issuers = append(issuers, iss)
			}
			for _, aud := range claimTexts(t.Claim("aud")) {
				if !slices.Contains(audiences, aud) {
					audiences = append(audiences, aud)
				}
			}
		}
	}
	slices.Sort(issuers)
	slices.Sort(audiences)
	return issuers, audiences
}
