package discover

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// maxOffset is the largest difference of clocks that is not worth a note.
const maxOffset = 10 * time.Second

// parties learns the issuer and the audience of the tokens, if all agree.
func (k *Keys) parties(tokens []*enrich.Token, exchanges []Exchange) {
	var issuers, common []string
	withoutIssuer, audiences := 0, 0
	for i, t := range tokens {
		if issuer, ok := jsonedit.Unquote(t.Claim("iss")); !ok || !isPrintable(issuer) {
			withoutIssuer++
		} else if !slices.Contains(issuers, issuer) {
			issuers = append(issuers, issuer)
		}
		audience := audienceOf(t)
		audiences += len(audience)
		if i == 0 {
			common = audience
		}
		common = slices.DeleteFunc(common, func(a string) bool { return !slices.Contains(audience, a) })
	}
	if len(common) > 0 {
		k.Audience = common[:1]
	}
	switch {
	case len(issuers) == 0 && audiences == 0 && len(tokens) > 0:
		k.note("The tokens have neither iss nor aud, so verify.issuer and verify.audience are left out, and check warns about it")
	case len(issuers) == 0:
	case withoutIssuer > 0 || len(issuers) > 1:
		k.note("Tokens do not all have the same iss, so verify.issuer is left out. If the backend derives iss from the address of the request, leave it so")
	case isOwnAddress(issuers[0], exchanges):
		k.note("iss in the tokens is the address at which discover listened: the backend derives it from the Host of a request. So verify.issuer is left out")
	default:
		k.Issuer = issuers
	}
}

// audienceOf returns the token's aud, a string or an array of strings.
func audienceOf(t *enrich.Token) (audience []string) {
	value := t.Claim("aud")
	if text, ok := jsonedit.Unquote(value); ok {
		audience = []string{text}
	} else if json.Unmarshal(value, &audience) != nil {
		return nil
	}
	return slices.DeleteFunc(audience, func(a string) bool { return !isPrintable(a) })
}

// isPrintable reports whether a text of a token may be a name in the configuration.
func isPrintable(text string) bool {
	return text != "" && len(text) <= 200 && !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// isOwnAddress reports whether the host of an issuer is that of discover, to which a client
// sent a request. In a recording clients use the backend's own address.
func isOwnAddress(issuer string, exchanges []Exchange) bool {
	u, err := url.Parse(issuer)
	if err != nil || u.Host == "" {
		return false
	}
	return slices.ContainsFunc(exchanges, func(e Exchange) bool { return !e.Recorded && e.RequestHeader.Get("Host") == u.Host })
}

// clock notes a difference between the backend's clock and ours, or that of a recording.
func (k *Keys) clock(tokens []*enrich.Token, exchanges []Exchange) {
	var offsets []time.Duration
	for _, e := range exchanges {
		if date, err := http.ParseTime(e.Header.Get("Date")); err == nil && !e.At.IsZero() {
			offsets = append(offsets, date.Sub(e.At.Truncate(time.Second)))
		}
	}
	if len(offsets) == 0 {
		return
	}
	slices.Sort(offsets)
	if offset := offsets[len(offsets)/2]; offset.Abs() > maxOffset {
		k.note("The clock of the backend differs by %v. Tokens that are not valid yet, or not any more, pass without the claim. Correct the clocks, or set verify.leeway", offset.Abs())
	}
	for _, t := range tokens {
		if _, ok := t.Date("exp"); !ok {
			k.note("Some tokens never expire (they have no exp). The document in them stays as old as they are")
			return
		}
	}
}
