package discover

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

const (
	// maxSamples limits how many tokens of a place are kept.
	maxSamples = 16
	// maxPlaces limits how many places are looked at. A backend issues tokens at a few.
	maxPlaces = 200
)

// A place is where answers of a pattern have JWTs.
type place struct {
	pattern  string
	location locate.Location
}

// sites returns the places with JWTs in the order of the session: those that get a rule,
// and the others with the reason.
func (s *session) sites() (sites []Site, excluded []Excluded) {
	found := s.collect()
	issuers := s.mainIssuers(found)
	for _, site := range found {
		s.narrow(site)
		if why := s.excludes(site, issuers); why != "" {
			excluded = append(excluded, Excluded{site.Pattern, s.shape.showLocation(site.Location), why})
		} else {
			sites = append(sites, *site)
		}
	}
	sites, others := s.withoutCompanions(sites)
	return sites, append(excluded, others...)
}

// collect returns every place with JWTs in answers. Tokens that the client sent in the
// same exchange are not counted.
func (s *session) collect() (sites []*Site) {
	known := map[place]*Site{}
	for i := range s.steps {
		st := &s.steps[i]
		seen := map[place]bool{}
		for _, o := range st.answer {
			at := place{st.pattern, o.Location}
			site := known[at]
			if site == nil && len(sites) == maxPlaces {
				s.morePlaces = true
				continue
			}
			if site == nil {
				site = &Site{Pattern: at.pattern, Location: at.location, Kind: at.location.Kind(), seenAt: at.location}
				known[at] = site
				sites = append(sites, site)
			}
			if st.issued(o.Token) {
				s.addSample(site, o, !seen[at])
				seen[at] = true
			}
		}
	}
	return sites
}

// addSample adds a token to a place.
func (s *session) addSample(site *Site, o locate.Occurrence, first bool) {
	if first {
		site.Answers++
	}
	site.Largest = max(site.Largest, len(o.Token))
	if o.Overhead > 0 {
		site.Line = max(site.Line, o.Overhead+len(o.Token))
	}
	if len(site.Tokens) < maxSamples && !slices.Contains(site.Tokens, o.Token) {
		site.Tokens = append(site.Tokens, o.Token)
	}
	if t := s.parsed[o.Token]; t != nil {
		site.learnPurpose(t)
	}
}

// excludes returns why a place gets no rule, as a sentence, or "".
func (s *session) excludes(site *Site, issuers map[string]bool) string {
	name := lastName(site.Location)
	switch {
	case site.Answers == 0:
		return "The answer repeats the token that the client sent. If a client stores it from here, add a rule."
	case !s.shape.names(site.Location):
		return "Its name looks generated, or names a user, so a rule could not name it."
	case !slices.ContainsFunc(site.Tokens, func(token string) bool { return s.parsed[token] != nil }):
		return "It has the shape of a JWT, but its payload is not a JSON object."
	case site.Purpose == refreshPurpose:
		return "The claim " + site.PurposeClaim + " says that it is a refresh token. It stays untouched."
	case isRefreshName(name) || site.Location.HoldsRefreshToken():
		return "By its name it is a refresh token. It stays untouched."
	case site.Purpose == otherPurpose:
		return "The claim " + site.PurposeClaim + " says that it is neither an access token nor an id_token."
	case isProtocolName(name) && !s.isBearer(site):
		return "By its name it is a part of the login, and not its result."
	case !slices.ContainsFunc(site.Tokens, func(token string) bool { return s.parsed[token] != nil && issuers[issuerOf(s.parsed[token])] }):
		return "Its issuer is not that of the other tokens. If APIs accept it, add a rule and its issuer."
	}
	return ""
}

// isBearer reports whether a token of a place came back in Authorization, in another
// header or in a cookie.
func (s *session) isBearer(site *Site) bool {
	return slices.ContainsFunc(site.Tokens, func(token string) bool { return s.bearer[token] > 0 })
}

// lastName returns the innermost name of a location.
func lastName(l locate.Location) string {
	name := locationName(l)
	if l.InJSON() {
		name = name[strings.LastIndexByte(name, '.')+1:]
	}
	return name
}

// locationName returns a location without its kind.
func locationName(l locate.Location) string {
	_, name, _ := strings.Cut(l.String(), ":")
	return name
}

// issuerOf returns who signed a token: iss, or else the family of its algorithm.
func issuerOf(t *enrich.Token) string {
	return cmp.Or(textClaim(t, "iss"), "without iss, "+t.Algorithm[:min(2, len(t.Algorithm))])
}

// mainIssuers returns who signs the tokens of users. An issuer is one of them if a token
// at one of its places came back in a header or cookie, or if it signs id_tokens. If no
// token came back, it is one if a token of it names a user, at a place with the name of a
// token. If there is none, all are.
func (s *session) mainIssuers(sites []*Site) map[string]bool {
	used, named, ids, all := map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, site := range sites {
		name := lastName(site.Location)
		hasName := isTokenName(name) || site.Location == locate.WholeBody
		for _, raw := range site.Tokens {
			t := s.parsed[raw]
			if t == nil {
				continue
			}
			all[issuerOf(t)] = true
			switch {
			case isProtocolName(name):
			case s.isBearer(site) && (hasName || namesUser(t)):
				used[issuerOf(t)] = true
			case hasName && site.Kind == enrich.ID:
				ids[issuerOf(t)] = true
			case hasName && namesUser(t):
				named[issuerOf(t)] = true
			}
		}
	}
	for _, main := range []map[string]bool{used, named} {
		if len(main) > 0 {
			maps.Copy(main, ids)
			return main
		}
	}
	return all
}
