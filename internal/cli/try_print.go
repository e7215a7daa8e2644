package cli

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/sidecar"
)

// A trialPrinter prints a [sidecar.Trial] for people.
type trialPrinter struct{ w io.Writer }

func (p trialPrinter) line(format string, args ...any) { fmt.Fprintf(p.w, format+"\n", args...) }

func (p trialPrinter) trial(t *sidecar.Trial) {
	p.message(t)
	for i, token := range t.Tokens {
		if len(t.Tokens) > 1 {
			p.line("\ntoken %d of %d (%s): %s", i+1, len(t.Tokens), token.Kind, printable(strings.Join(placesOf(t, i+1), ", ")))
		}
		p.token(token)
	}
	for _, note := range t.Notes {
		p.line("note:   %s", note)
	}
}

// message prints what is known of the response.
func (p trialPrinter) message(t *sidecar.Trial) {
	if t.Rule != "" {
		p.line("rule:   %s", t.Rule)
	}
	if t.Response == nil {
		return
	}
	which := ""
	if t.Response.Of > 1 {
		which = fmt.Sprintf(", number %d of %d", t.Response.Number, t.Response.Of)
	}
	p.line("status: %d%s", t.Response.Status, which)
	if t.Unread != "" && t.Refused == "" {
		p.line("serve forwards this response as it is, because %s.", t.Unread)
		return
	}
	p.places(t)
	if t.Refused != "" {
		p.line("serve answers 503 instead of this response: %s.", t.Refused)
	}
	if t.Reason != "" {
		p.line("\nreason: %s", t.Reason)
	}
	if len(t.Tokens) == 0 {
		p.line("hint:   %s", missingHint(t))
	}
}

// missingHint says what to do about a response without tokens.
func missingHint(t *sidecar.Trial) string {
	if len(t.Elsewhere) == 0 {
		return "There is no token in this response, at any place. Is it the response of a login?"
	}
	return printable(fmt.Sprintf("Add the place to the rule: tokens: [%s]", strings.Join(t.Elsewhere, ", ")))
}

func (p trialPrinter) places(t *sidecar.Trial) {
	for _, place := range t.Places {
		text := kindWords[string(place.Kind)]
		if place.Repeats {
			text += ", repeated here"
		}
		if place.Token == 0 {
			p.line("absent: %s", printable(place.Location))
		} else {
			p.line("found:  %s: %s", printable(place.Location), text)
		}
	}
	for _, place := range t.RefreshTokens {
		p.line("kept:   %s: a refresh token, which never changes", printable(place))
	}
	for _, place := range t.Elsewhere {
		p.line("other:  %s: a token that the rule does not name", printable(place))
	}
}

var kindWords = map[string]string{"access": "an access token", "id": "an id_token"}

// placesOf returns the places of a token, by its number.
func placesOf(t *sidecar.Trial, number int) (places []string) {
	for _, place := range t.Places {
		if place.Token == number {
			places = append(places, place.Location)
		}
	}
	return places
}

// token prints a token before and after, the sizes, the reason, the cause and the hints.
func (p trialPrinter) token(t sidecar.TriedToken) {
	p.text("before", t.Before)
	if t.After != nil {
		p.text("after", *t.After)
		p.line("\n%s", t.After.Token)
	}
	if t.Verified != nil || len(t.Sizes) > 0 {
		p.line("")
	}
	p.verified(t.Verified)
	p.lookup(t.Lookup, t.Reason)
	for _, size := range t.Sizes {
		p.line("size:   %s: %d of %d bytes, %d %% (%s%s)", printable(size.What), size.Size, size.Limit, size.Percent, size.Setting, besides[size.What])
	}
	p.line("\nreason: %s", cmp.Or(string(t.Reason), "unchanged"))
	if t.Cause != "" {
		p.line("cause:  %s", printable(t.Cause))
	}
	for _, hint := range t.Hints {
		p.line("hint:   %s", printable(hint))
	}
}

// besides says what counts too, for a token of which the place is not known.
var besides = map[string]string{"header line": ", with the name of the header", "cookie": ", with its name and attributes"}

// text prints the parts of a token, and the size of each claim in it.
func (p trialPrinter) text(when string, t sidecar.TriedText) {
	p.line("\n%s: %d bytes", when, t.Bytes)
	if t.Error != "" {
		p.line("  %s", t.Error)
		return
	}
	p.line("  header  %s\n  claims", printable(string(t.Header)))
	for _, claim := range t.Claims {
		p.line("  %6d B  %s: %s", claim.Bytes, printable(claim.Name), printable(string(claim.Value)))
	}
}

func (p trialPrinter) verified(v *sidecar.TriedVerified) {
	if v == nil {
		return
	}
	key := "by " + v.Key
	if v.Key == "" {
		key = fmt.Sprintf("no known key verifies it (kid: %s)", cmp.Or(v.KeyID, "missing"))
	}
	p.line("key:    %s", printable(fmt.Sprintf("%s, %s; %s; %s", v.Algorithm, key,
		party("iss", []string{v.Issuer}, "verify.issuer", v.Issuers), party("aud", v.Audience, "verify.audience", v.Audiences))))
}

// party describes iss or aud, and the setting that limits it.
func party(claim string, values []string, setting string, allowed []string) string {
	text := claim + " " + cmp.Or(strings.Join(values, " "), "missing")
	switch {
	case len(allowed) == 0:
		return text + " (any is allowed)"
	case slices.ContainsFunc(values, func(value string) bool { return slices.Contains(allowed, value) }):
		return text
	}
	return fmt.Sprintf("%s (%s allows %s)", text, setting, strings.Join(allowed, ", "))
}

func (p trialPrinter) lookup(l *sidecar.TriedLookup, reason enrich.Reason) {
	if l == nil {
		return
	}
	result := "no document"
	switch {
	case l.Found && l.MatchedType != "":
		result = "found, with the type " + l.MatchedType
	case l.Found:
		result = "found"
	case reason == enrich.Unavailable:
		result = "not known, because the documents could not be read"
	}
	if l.Documents > 1 {
		result += fmt.Sprintf("; the user has %d documents, and the first one counts: see tokengraft explain", l.Documents)
	}
	p.line("lookup: claim %s (%s), field %s (user_id_type: %s) of the %s: %s", printable(l.Claim), l.ClaimType, l.Field, l.FieldType, l.Source, result)
	for _, secret := range l.Credentials {
		p.line("secret: %s looks like a credential, and is %s. %s", printable(secret.Path), fates[secret.Dropped], printable(secret.Advice))
	}
}

// fates say what happens to a field that looks like a credential, by whether it is dropped.
var fates = map[bool]string{true: "left out", false: "in the token"}
