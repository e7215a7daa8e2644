package sidecar

import (
	"slices"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy"
)

// locate adds where tokens were found and where not.
func (t *Trial) locate(rule proxy.Rule, tried proxy.Trial) {
	at := map[string]int{}
	for i, token := range tried.Tokens {
		at[token.Raw] = i + 1
	}
	named := map[string]bool{}
	for _, found := range tried.Found {
		location := found.Location.String()
		named[location] = true
		if at[found.Token] == 0 { // a token exchange may issue a refresh token as access_token
			t.RefreshTokens = append(t.RefreshTokens, location)
			continue
		}
		t.Places = append(t.Places, TriedPlace{
			Location: location, Kind: found.Location.Kind(), Token: at[found.Token],
			Repeats: !slices.Contains(rule.Tokens, found.Location),
		})
	}
	for _, location := range rule.Tokens {
		if text := location.String(); !named[text] {
			named[text] = true
			t.Places = append(t.Places, TriedPlace{Location: text, Kind: location.Kind()})
		}
	}
	t.lookElsewhere(tried, at, named)
	if tried.Missing {
		t.Reason = enrich.NotFound
	}
}

// lookElsewhere adds the tokens at places that are not named. A token that is also at a
// named place is replaced in a body.
func (t *Trial) lookElsewhere(tried proxy.Trial, at map[string]int, named map[string]bool) {
	for _, found := range tried.Searched.Survey() {
		location := found.Location.String()
		switch {
		case named[location], at[found.Token] > 0 && found.Location.InBody():
			continue
		case found.Location.HoldsRefreshToken():
			t.RefreshTokens = append(t.RefreshTokens, location)
		default:
			t.Elsewhere = append(t.Elsewhere, location)
		}
		named[location] = true
	}
}

// finish sets Enriched.
func (t *Trial) finish() {
	enriched := func(token TriedToken) bool { return token.Reason == enrich.OK || token.Reason == enrich.Stale }
	t.Enriched = t.Refused == "" && slices.ContainsFunc(t.Tokens, enriched)
}
