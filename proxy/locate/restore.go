package locate

import (
	"bytes"
	"net/http"
	"strings"
)

// Restore calls swap for each token of the request and replaces the token with the
// result. If swap returns false, the token stays. Restore looks in Authorization with
// any scheme, also in the user and the password of Basic, in the subprotocols of a
// WebSocket, in cookies, in the query parameters and form fields of OAuth and OpenID
// Connect, and at the locations (law D1). A value at a location can be a URL with a token
// in it. All other bytes stay unchanged. See also [OfferedIn].
//
// Restore returns the new request, which may share memory with r, and the name of
// the location of each replaced token, for a metric.
func (r Request) Restore(locs []Location, swap func(token string) (string, bool)) (Request, []string) {
	var names []string
	var changes edits
	found := r.find(locs)
	seen := make(map[textRange]bool, len(found))
	for _, f := range found {
		if seen[f.textRange] || !compact(f.Token) {
			continue
		}
		seen[f.textRange] = true
		if original, ok := swap(f.Token); ok {
			changes.add(f, original)
			names = append(names, f.Location.restoreName())
		}
	}
	for range r.restoreBasic(swap, &changes) {
		names = append(names, authorization.restoreName())
	}
	for range r.restoreSubprotocols(swap, &changes) {
		names = append(names, Location{inHeader, subprotocols}.String())
	}
	if len(names) == 0 {
		return r, nil
	}
	if len(changes.query) > 0 {
		r.Query = spliceText(r.Query, changes.query)
	}
	r.Body = splice(r.Body, changes.body)
	r.Header = changes.headers(r.Header)
	return r, names
}

var (
	authorization = Location{inHeader, "Authorization"}
	// anyCookie is every cookie. A response can repeat an enriched token in a cookie
	// that no rule names.
	anyCookie = Location{in: inCookie}
)

// restoreName returns the location for the label of a metric.
func (l Location) restoreName() string {
	if l.in == inHeader && strings.EqualFold(l.name, authorization.name) {
		return "authorization"
	}
	return l.String()
}

func (r Request) find(locs []Location) []Occurrence {
	json := jsonBody{text: r.Body}
	occurrences := eachLine(r.Header, authorization.name, authorization, tokenRuns)
	queryMay, bodyMay := mayHoldToken([]byte(r.Query)), mayHoldToken(r.Body)
	if queryMay {
		occurrences = append(occurrences, standard(inQuery, place{part: queryPart}, r.Query, standardQuery)...)
	}
	if bodyMay && isForm(mediaType(r.Header)) {
		occurrences = append(occurrences, standard(inForm, place{}, string(r.Body), standardForm)...)
	}
	for _, loc := range locs {
		if (loc.InHeader() || loc.in == inQuery && queryMay || loc.InBody() && bodyMay) && !loc.HoldsRefreshToken() {
			occurrences = append(occurrences, r.at(loc, &json)...)
		}
	}
	return append(occurrences, eachLine(r.Header, "Cookie", anyCookie, tokenRuns)...)
}

// mayHoldToken reports whether a query or a body can have a token, as it is or escaped: it
// needs two dots. Most forms of a login have none, and this costs them next to nothing.
func mayHoldToken(text []byte) bool {
	const enough = 2
	dots := bytes.Count(text, []byte("."))
	if dots >= enough || bytes.IndexByte(text, '%') < 0 && bytes.IndexByte(text, '\\') < 0 {
		return dots >= enough
	}
	for _, dot := range escapedDots {
		dots += bytes.Count(text, dot)
	}
	return dots >= enough
}

// escapedDots are the escapes of a dot in a form and in JSON.
var escapedDots = [][]byte{[]byte("%2e"), []byte("%2E"), []byte(`\u002e`), []byte(`\u002E`)}

// standard returns the values of the parameters or fields of a urlencoded text with these
// names. It reads the text once, because a form can be large.
func standard(in in, at place, text string, names map[string]bool) []Occurrence {
	var occurrences []Occurrence
	for name, s := range paramsOf(text, 0, len(text), "&", func(name string) bool { return names[name] }) {
		if len(occurrences) == maxValues {
			break
		}
		occurrences = append(occurrences, newOccurrences(Location{in, name}, at, text, []span{s})...)
	}
	return occurrences
}

func (r Request) at(loc Location, json *jsonBody) []Occurrence {
	switch loc.in {
	case inHeader:
		name := http.CanonicalHeaderKey(loc.name)
		if name == subprotocols {
			return nil // see restoreSubprotocols
		}
		return eachLine(r.Header, name, loc, tokenRuns)
	case inCookie:
		return eachLine(r.Header, "Cookie", loc, func(text string) []span { return cookieRuns(text, loc.name) })
	case inQuery:
		spans := params(r.Query, 0, len(r.Query), "&", loc.name)
		return withRuns(newOccurrences(loc, place{part: queryPart}, r.Query, spans), r.Query)
	}
	var room [4]span
	spans := appendBodySpans(room[:0], r.Header, json, loc, r.formField)
	if len(spans) == 0 {
		return nil // the usual case: do not copy the body to a string
	}
	body := string(r.Body)
	return withRuns(newOccurrences(loc, place{}, body, spans[:min(len(spans), maxValues)]), body)
}

// maxValues limits how many values at one location of a request's body are kept in
// memory (law B4). Real requests have far fewer.
const maxValues = 10_000

// cookieRuns returns the tokens in the values of a cookie. A value can have other
// text around the token.
func cookieRuns(text, name string) []span {
	var spans []span
	for _, value := range cookieValues(text, name) {
		for _, s := range tokenRuns(text[value.start:value.end]) {
			spans = append(spans, span{value.start + s.start, value.start + s.end, s.token})
		}
	}
	return spans
}
