package sidecar

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/proxy/oidc"
)

// A startLine is a line of the log that says what the running configuration means.
type startLine struct {
	message string
	attrs   []any
}

func (l startLine) String() string { return l.message + fmt.Sprint(l.attrs...) }

// startLines returns a line for each topic, without a secret or a credential.
func startLines(cfg *config.Config, d *oidc.Discovery) (lines []startLine) {
	u := understand(cfg, d)
	add := func(message string, attrs ...any) { lines = append(lines, startLine{message, attrs}) }
	backend := []any{"address", cfg.Backend.String()}
	if public := publicURL(cfg); public != nil {
		backend = append(backend, "public_url", public.String())
	}
	add("backend", backend...)
	lines = append(lines, ruleLines(u)...)
	add("backend keys", "from", u.Verify.From, "issuers", u.Verify.Issuers, "audience", u.Verify.Audience, "algorithms", u.Verify.Algorithms)
	add("signing", "with", u.Sign.With, "algorithm", u.Sign.Algorithm, "keys", keyTexts(u.Sign.Keys), "verifiers_ask", withoutQueries(u.Verifiers))
	add("documents", documentAttrs(u.Documents)...)
	add("claim", "name", u.Claim.Name, "format", u.Claim.Format, "include", u.Claim.Include, "exclude", u.Claim.Exclude, "kinds", u.Claim.Kinds, "credentials", u.Claim.Credentials)
	add("restore", "on", u.Restore.On, "at", u.Restore.At, "known_places", len(u.Restore.Known))
	if answersCalls(cfg) {
		add("calls of users", "path", cfg.Access.CallPath, "functions", cfg.Access.Functions, "data", cfg.Access.Roles != "",
			"timeout", cfg.Access.Timeout.String(), "processes", callProcesses(cfg), "per_minute", int(cfg.Access.PerMinute))
	}
	add("mode", "enabled", !u.Off, "shadow", u.Shadow, "diagnose", u.Diagnose, "on_failure", string(cfg.OnFailure))
	return lines
}

// maxRuleLines bounds the lines about rules.
const maxRuleLines = 30

// ruleLines returns a line for the rules that differ in their patterns only.
func ruleLines(u Understanding) (lines []startLine) {
	groups := SameRules(u.Rules)
	for i, same := range groups {
		if i == maxRuleLines {
			return append(lines, startLine{"more rules; tokengraft check shows all", []any{"count", len(groups) - maxRuleLines}})
		}
		lines = append(lines, startLine{"rule", ruleAttrs(same)})
	}
	if u.Discovery == "not read" {
		lines = append(lines, startLine{"the rules of the discovery document follow when it has been read", nil})
	}
	return lines
}

func ruleAttrs(same []UnderstoodRule) []any {
	patterns := make([]string, len(same))
	for i, rule := range same {
		patterns[i] = rule.Match
	}
	rule := same[0]
	attrs := []any{"match", strings.Join(patterns, ", "), "from", rule.Origin}
	add := func(set bool, key string, value any) {
		if set {
			attrs = append(attrs, key, value)
		}
	}
	add(len(rule.Tokens) > 0, "tokens", tokenTexts(rule.Tokens))
	add(len(rule.Tokens) > 0, "refresh", rule.Refresh.Is)
	add(len(rule.Tokens) > 0, "on_failure", rule.OnFailure)
	add(rule.Gate != "no", "gate", rule.Gate)
	add(len(rule.Restore) > 0, "restore", rule.Restore)
	add(len(rule.Addresses) > 0, "addresses", rule.Addresses)
	add(rule.Deletes, "deletes", true)
	return attrs
}

func tokenTexts(tokens []UnderstoodToken) (texts []string) {
	for _, token := range tokens {
		text := token.Location
		if !token.Claim {
			text += " (without the claim)"
		}
		texts = append(texts, text)
	}
	return texts
}

func keyTexts(keys []UnderstoodKey) []string {
	texts := []string{}
	for _, key := range keys {
		texts = append(texts, key.Algorithm+" "+key.ID+" "+key.State)
	}
	return texts
}

// withoutQueries returns paths without their queries, because the log has no query.
func withoutQueries(paths []string) []string {
	texts := []string{}
	for _, path := range paths {
		if path, _, cut := strings.Cut(path, "?"); cut {
			texts = append(texts, path+"?…")
		} else {
			texts = append(texts, path)
		}
	}
	return texts
}

func documentAttrs(d UnderstoodDocuments) []any {
	attrs := []any{"source", d.Source}
	if d.Source == "mongodb" {
		attrs = append(attrs, "hosts", d.Hosts, "database", d.Database, "collection", d.Collection)
	} else {
		attrs = append(attrs, "file", d.File)
	}
	return append(attrs, "user_id_claim", d.UserIDClaim, "user_id_field", d.UserIDField, "user_id_type", d.UserIDType)
}

// logStart logs what the configuration means: all of it at the start, and after a
// change the lines that differ from those before.
func logStart(before, now []startLine, logger *slog.Logger) {
	has := func(lines []startLine, line startLine) bool {
		return slices.ContainsFunc(lines, func(l startLine) bool { return l.String() == line.String() })
	}
	for _, line := range now {
		if !has(before, line) {
			logger.Info(line.message, line.attrs...)
		}
	}
	for _, line := range before {
		if line.message == "rule" && !has(now, line) && !replaced(line, now) {
			logger.Info("this rule is gone", line.attrs[:2]...)
		}
	}
}

// replaced reports whether a rule has changed, but is still there: another line names
// its patterns.
func replaced(rule startLine, now []startLine) bool {
	return slices.ContainsFunc(now, func(l startLine) bool { return l.message == "rule" && l.attrs[1] == rule.attrs[1] })
}
