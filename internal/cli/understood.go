package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/internal/sidecar"
)

// printUnderstanding prints what a configuration means: a block for each rule, and one
// for what all have in common. Rules that differ in their patterns only are one block.
func printUnderstanding(w io.Writer, u sidecar.Understanding) error {
	p := understood{rules: paint(w, blue, "rule"), common: paint(w, blue, "all")}
	for _, rules := range sidecar.SameRules(u.Rules) {
		p.rule(rules)
	}
	p.all(u)
	_, err := io.WriteString(w, p.String())
	return err
}

// understood is a text of blocks.
type understood struct {
	strings.Builder
	rules, common string // the words before blocks
}

// line adds a line to a block, unless the text is empty.
func (p *understood) line(name, text string) {
	if text != "" {
		fmt.Fprintf(p, "       %-9s %s\n", name, text)
	}
}

// rule adds the block of rules that differ in their patterns only.
func (p *understood) rule(same []sidecar.UnderstoodRule) {
	patterns := make([]string, len(same))
	for i, rule := range same {
		patterns[i] = printable(rule.Match)
	}
	rule := same[0]
	from := map[string]string{"preset": " (preset)", "oidc": " (discovery document)"}[rule.Origin]
	fmt.Fprintf(p, "%s   %s%s\n", p.rules, wrap(patterns, 7), from)
	for i, token := range rule.Tokens {
		p.line(map[bool]string{true: "tokens"}[i == 0], describeToken(token))
	}
	if len(rule.Tokens) > 0 {
		p.line("refresh", rule.Refresh.Is+": "+rule.Refresh.Why)
		p.line("failure", map[string]string{"pass": "pass: the client gets the backend's response, unchanged", "refuse": "refuse: the client gets 503"}[rule.OnFailure])
	}
	if len(rule.Tokens)+len(rule.Addresses) == 0 && !rule.Deletes {
		p.line("tokens", "none: it is for requests only, and its responses stream untouched")
	}
	p.line("gate", map[string]string{
		"yes":     "yes: no token leaves unless it was accepted",
		"headers": "yes, for its headers: no token leaves in them unless it was accepted",
	}[rule.Gate])
	p.line("restore", wrap(rule.Restore, 17))
	p.line("addresses", wrap(rule.Addresses, 17))
	if rule.Deletes {
		p.line("deletes", "the user of the bearer token, if the backend answers 2xx")
	}
}

// describeToken describes a place of tokens in responses.
func describeToken(t sidecar.UnderstoodToken) string {
	kind, claim := "access token", "gets the claim"
	if t.Kind == "id" {
		kind = "id_token"
	}
	if !t.Claim {
		claim = "does not get the claim"
	}
	limit := "header line up to"
	if t.MaxFrom == "claim.max_token_size" {
		limit = "up to"
	}
	return fmt.Sprintf("%s: %s, %s, %s %s (%s)", t.Location, kind, claim, limit, config.Size(t.MaxSize), t.MaxFrom)
}

// all adds the block of what all rules have in common.
func (p *understood) all(u sidecar.Understanding) {
	restore := "off: tokens of requests are forwarded as they are"
	if u.Restore.On {
		known := fmt.Sprintf("in requests to any path: the %d known places (Authorization, cookies, access_token …)", len(u.Restore.Known))
		restore = wrap(append([]string{known}, u.Restore.At...), 17)
	}
	fmt.Fprintf(p, "%s    %-9s %s\n", p.common, "restore", restore)
	switch {
	case u.Off:
		p.line("claim", "off (claim.enabled: false): serve looks at no token. The rules say what tokens would get")
	case u.Shadow:
		p.line("shadow", "on: no response changes, and nothing is refused. The rules say what tokens would get")
	}
	if u.Discovery == "not read" {
		p.line("oidc", "the discovery document could not be read, so its rules are not known")
	}
	if len(u.Verifiers) > 0 {
		p.line("verifiers", "ask this sidecar for keys, at "+strings.Join(u.Verifiers, " or "))
	}
	p.line("claim", describeClaim(u.Claim))
	p.line("verify", describeVerify(u.Verify))
	p.line("sign", describeSign(u.Sign))
	p.line("documents", describeDocuments(u.Documents))
}

func describeClaim(c sidecar.UnderstoodClaim) string {
	fields := "the whole document"
	if len(c.Include) > 0 {
		fields = "only " + wrap(c.Include, 17)
	}
	if len(c.Exclude) > 0 {
		fields += " without " + wrap(c.Exclude, 17)
	}
	credentials := map[string]string{
		"drop": "without fields that look like credentials", "warn": "with fields that look like credentials, and a warning", "allow": "with fields that look like credentials",
	}[c.Credentials]
	if len(c.Include) > 0 {
		credentials = ""
	}
	return fmt.Sprintf("%s, in the format %s: %s", c.Name, c.Format, joined(fields, credentials, "up to "+config.Size(c.MaxSize).String()))
}

func describeVerify(v sidecar.UnderstoodVerify) string {
	text := "with " + strings.Join(v.From, ", or with ")
	for _, part := range []struct {
		name  string
		words []string
	}{{"issuer", v.Issuers}, {"audience", v.Audience}, {"algorithms", v.Algorithms}} {
		if len(part.words) > 0 {
			text += "; " + part.name + " " + strings.Join(part.words, ", ")
		}
	}
	return text
}

func describeSign(s sidecar.UnderstoodSign) string {
	texts := map[string]string{
		"verify.secret":    "tokens of verify.secret with the same secret and algorithm",
		"sign.backend_key": "with the backend's own key (sign.backend_key)",
		"sign.keys":        "with sign.keys",
	}
	var ways []string
	for _, with := range s.With {
		ways = append(ways, texts[with])
	}
	var signing []string
	for _, key := range s.Keys {
		if key.State == "active" {
			signing = append(signing, key.Algorithm+" by "+key.ID)
		}
	}
	text := strings.Join(ways, "; others ")
	if len(signing) > 0 {
		text += ": " + wrap(signing, 17)
	}
	if s.Algorithm != string(config.Same) {
		text += "; algorithm " + s.Algorithm
	}
	return text
}

func describeDocuments(d sidecar.UnderstoodDocuments) string {
	from := d.File
	if d.Source == "mongodb" {
		from = fmt.Sprintf("%s.%s at %s", d.Database, d.Collection, d.Hosts)
	}
	return fmt.Sprintf("%s; the claim %s is compared with the field %s (user_id_type: %s)", from, d.UserIDClaim, d.UserIDField, d.UserIDType)
}

const lineWidth = 110

// wrap joins words with commas. It starts a new line, indented, where a line would be too
// long.
func wrap(words []string, indent int) string {
	var text strings.Builder
	column := indent
	for i, word := range words {
		switch {
		case i == 0:
		case column+len(word)+len(", ") > lineWidth:
			text.WriteString(",\n" + strings.Repeat(" ", indent))
			column = indent
		default:
			text.WriteString(", ")
			column += len(", ")
		}
		text.WriteString(word)
		column += len(word)
	}
	return text.String()
}

// joined joins the texts that are not empty.
func joined(texts ...string) string {
	return strings.Join(slices.DeleteFunc(texts, func(text string) bool { return text == "" }), ", ")
}
