package proxy

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/internal/redact"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// reportIssued counts tokens that left without the claim, and logs once per shape the rule
// that covers them.
func (i *inspection) reportIssued(found []locate.Occurrence) {
	if len(found) == 0 {
		return
	}
	d := i.proxy.diagnosis
	d.metrics.Add(context.Background(), int64(len(found)), inResponse)
	d.shapes.enough(i.shape())
	if !d.said.first("answer\x00" + i.shape()) {
		return
	}
	places := placesOf(found)
	attrs := []any{"request", i.shape(), "places", strings.Join(places, ", ")}
	if !slices.ContainsFunc(places, isHidden) {
		attrs = append(attrs, "advice", i.tokensAdvice(found))
	}
	d.logger.Warn("the backend issued a token that no rule covers, so it left without the claim", attrs...)
}

// tokensAdvice returns the lines of YAML for the places of tokens. A rule for the path
// replaces one for headers anywhere, so it has the locations of that too.
func (i *inspection) tokensAdvice(found []locate.Occurrence) string {
	tokens := slices.Clone(i.tokens())
	if i.rule != nil && i.rule.Elsewhere {
		tokens = nil
	}
	for _, f := range found {
		tokens = append(tokens, f.Location)
	}
	var restore []locate.Location
	if i.rule.named() {
		restore = i.rule.Restore
	}
	advice := i.ruleWith(tokens, restore)
	if len(tokens) > len(found) { // the rule has the access token already
		return "Nothing, if it is a refresh token: it must stay as it is. Otherwise: " + advice
	}
	return advice
}

// reportUserKeyed logs once that a backend cannot be supported.
func (i *inspection) reportUserKeyed(found []locate.Occurrence) {
	if d := i.proxy.diagnosis; len(found) > 0 && d.said.first("user keyed") {
		d.logger.Warn("a token of the backend does not verify, and it looks like one of PocketBase, whose keys differ per user: it is not supported, because the sidecar verifies every token with the same keys",
			"request", i.shape(), "places", placeOf(found[0].Location))
	}
}

// reportReturned counts enriched tokens that the backend gets, and logs once per shape and
// place how they are restored. One at a header or a cookie is restored on every path by the
// same setting.
func (x *exchange) reportReturned(shape string, found []locate.Occurrence) {
	d := x.proxy.diagnosis
	d.metrics.Add(context.Background(), int64(len(found)), inRequest)
	if !x.snapshot.Restore {
		if !d.saidRestoreOff.Swap(true) {
			d.logger.Warn("restore is off, and an enriched token came back to the backend, which did not sign it",
				"request", shape, "places", placeOf(found[0].Location), "advice", "Remove restore: off, unless the backend verifies its tokens with the JWK Set of the sidecar.")
		}
		return
	}
	for _, f := range found {
		place := placeOf(f.Location)
		where := shape
		if f.Location.InHeader() {
			where = ""
		}
		if !d.asked.first(where + "\x00" + place) {
			continue
		}
		attrs := []any{"request", shape, "places", place}
		if !isHidden(place) {
			attrs = append(attrs, "advice", x.restoreAdvice(f.Location))
		}
		d.logger.Warn("the backend got an enriched token at a place where none is restored", attrs...)
	}
}

// restoreAdvice returns the lines of YAML that restore tokens at a location.
func (x *exchange) restoreAdvice(loc locate.Location) string {
	if loc.InHeader() {
		return fmt.Sprintf("Set this, or add the place to restore.at:\nrestore: {at: [%s]}", listOf(append(slices.Clone(x.snapshot.RestoreAt), loc)))
	}
	var tokens, restore []locate.Location
	if x.rule.named() {
		tokens, restore = x.rule.Tokens, x.rule.Restore
	}
	return x.ruleWith(tokens, append(slices.Clone(restore), loc))
}

// ruleWith returns the lines of YAML for the exchange's rule, or for a new one, with these
// locations.
func (x *exchange) ruleWith(tokens, restore []locate.Location) string {
	pattern, what := x.shape(), "Add this to rules:"
	if x.rule.named() {
		pattern, what = x.rule.Pattern, "Change this rule, or add it to rules if it comes from a preset or from oidc:"
	}
	lines := what + "\n- match: " + pattern
	if len(tokens) > 0 {
		lines += "\n  tokens: [" + listOf(tokens) + "]"
	}
	if len(restore) > 0 {
		lines += "\n  restore: [" + listOf(restore) + "]"
	}
	return lines
}

// listOf returns the locations as a list in YAML, each once.
func listOf(locs []locate.Location) string {
	var texts []string
	for _, loc := range locs {
		if text := yamlItem(loc.String()); !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	return strings.Join(texts, ", ")
}

// isHidden reports whether a place has a part that is not shown.
func isHidden(place string) bool { return strings.Contains(place, redact.Hidden) }

// named reports whether the rule has a pattern for the path of its requests. It returns
// false for nil.
func (rule *Rule) named() bool {
	return rule != nil && !rule.Elsewhere && !rule.forHeadersAnywhere()
}
