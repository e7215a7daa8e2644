package locate

import (
	"slices"
	"strings"
)

// unfold replaces each value that is a URL by the tokens in it: {"redirect":
// "https://app/#access_token=..."}. The parameters are those of OAuth and OpenID Connect,
// and those that a query: or fragment: location of the rule names.
func unfold(occurrences []Occurrence, locs []Location, r Response) []Occurrence {
	if !slices.ContainsFunc(occurrences, Occurrence.mayBeURL) {
		return occurrences // the usual case
	}
	unfolded := make([]Occurrence, 0, len(occurrences))
	for _, f := range occurrences {
		if found := inURL(f, locs, r.text); found != nil {
			unfolded = append(unfolded, found...)
		} else {
			unfolded = append(unfolded, f)
		}
	}
	return unfolded
}

// mayBeURL reports whether a value can be a URL with parameters.
func (f Occurrence) mayBeURL() bool {
	return (f.Location.in == inJSON || f.Location.in == inHeader) &&
		(strings.IndexByte(f.Token, '?') >= 0 || strings.IndexByte(f.Token, '#') >= 0)
}

// inURL returns the tokens in the parameters of a value that is a URL, in its text as it
// is: escaped. text returns the text of a range. It returns nil for any other value.
func inURL(f Occurrence, locs []Location, text func(textRange) string) (found []Occurrence) {
	url := f.Token
	if !f.mayBeURL() {
		return nil
	}
	tokens := map[string]Location{}
	for _, place := range urlParams {
		place.addParams(url, tokens)
	}
	for _, loc := range locs {
		loc.addParams(url, tokens)
	}
	if len(tokens) == 0 {
		return nil
	}
	for _, run := range f.runs(text(f.textRange)) {
		if loc, ok := tokens[run.Token]; ok {
			run.Location = loc
			found = append(found, run)
		}
	}
	return found
}

// addParams adds the tokens in the parameters of a URL that the location names.
func (l Location) addParams(url string, tokens map[string]Location) {
	var spans []span
	switch l.in {
	case inFragment:
		spans = fragmentParams(url, l.name)
	case inQuery:
		spans = queryParams(url, l.name)
	}
	for _, s := range unpack(url, spans) {
		if token := s.withoutScheme(url).token; compact(token) {
			tokens[token] = l
		}
	}
}

// runs returns what has the shape of a token in a value, except for refresh tokens. value is
// its text, with escapes. A token's characters are never escaped, so it is there as it is.
func (f Occurrence) runs(value string) (found []Occurrence) {
	if len(value) > maxURL {
		return nil
	}
	for _, s := range tokenRuns(value) {
		if isRefreshName(nameBefore(value, s.start)) {
			continue
		}
		run := f
		run.Token, run.start, run.end = s.token, f.start+s.start, f.start+s.end
		if f.at.part == linePart {
			run.Overhead += (f.end - f.start) - (s.end - s.start)
		}
		found = append(found, run)
	}
	return found
}

// maxURL is the length of the longest value that is searched as a URL. Servers accept less.
const maxURL = 64 << 10

// withRuns returns the occurrences, and for each that is not a token the tokens in it: a
// value can be a URL or have other text around the token.
func withRuns(occurrences []Occurrence, text string) []Occurrence {
	isToken := func(f Occurrence) bool { return compact(f.Token) }
	if !slices.ContainsFunc(occurrences, func(f Occurrence) bool { return !isToken(f) }) {
		return occurrences // the usual case
	}
	var found []Occurrence
	for _, f := range occurrences {
		if len(found) >= maxValues {
			break
		}
		if isToken(f) {
			found = append(found, f)
		} else {
			found = append(found, f.runs(text[f.start:f.end])...)
		}
	}
	return found[:min(len(found), maxValues)]
}
