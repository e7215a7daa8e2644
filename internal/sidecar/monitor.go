package sidecar

import (
	"context"
	"fmt"
	"time"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/internal/adminapi"
	"github.com/tokengraft/tokengraft/internal/history"
	"github.com/tokengraft/tokengraft/proxy/oidc"
)

// A monitor shows a running sidecar to the console. It implements [adminapi.Monitor].
type monitor struct {
	*Sidecar
	version string
}

// shownFailures is how many groups of failures the overview has.
const shownFailures = 20

// Overview implements [adminapi.Monitor].
func (m monitor) Overview(context.Context) adminapi.Overview {
	cfg := m.current().cfg
	overview := adminapi.Overview{
		Version: m.version, Started: m.past.started, Now: time.Now(), Mode: modeOf(cfg),
		Health: m.readiness.Health(), Series: m.past.figures.Series(m.bounds(cfg)), Failures: []adminapi.Failure{},
	}
	for _, f := range m.past.failures.Last() {
		if len(overview.Failures) == shownFailures {
			break
		}
		if f.Rule == "" && f.Cause == "" {
			continue // a warning about a setting, which failed nothing
		}
		overview.Failures = append(overview.Failures, failureOf(f))
	}
	addUnlogged(overview.Failures, func(rule string) map[string]int64 {
		return m.past.figures.By("tokengraft_tokens_total", "reason", "rule", rule)
	})
	return overview
}

// addUnlogged adds the tokens that are in no line of the log to the newest failure of their
// rule and reason. During an outage the log is short, and the metric counts every token.
func addUnlogged(failures []adminapi.Failure, tokens func(rule string) map[string]int64) {
	logged := map[[2]string]int{}
	for _, f := range failures {
		logged[[2]string{f.Rule, f.Reason}] += f.Count
	}
	for i := range failures {
		f := &failures[i]
		of := [2]string{f.Rule, f.Reason}
		if n, first := logged[of]; first && f.Rule != "" && f.Reason != "" {
			f.Count += max(0, int(tokens(f.Rule)[f.Reason])-n)
		}
		delete(logged, of) // the others are older
	}
}

func failureOf(f history.Failure) adminapi.Failure {
	cause := f.Message
	switch {
	case f.Cause != "" && f.Reason != "": // the reason says what happened
		cause = f.Cause
	case f.Cause != "":
		cause += ": " + f.Cause
	}
	return adminapi.Failure{Rule: f.Rule, Reason: f.Reason, Cause: cause, NextStep: f.Advice, Count: f.Count, First: f.First, Last: f.Last}
}

// modeOf returns the mode of a configuration: live, shadow or off.
func modeOf(cfg *config.Config) string {
	switch {
	case !cfg.Claim.Enabled:
		return "off"
	case cfg.Shadow:
		return "shadow"
	}
	return "live"
}

// bounds returns the bounds of plots, by their names.
func (m monitor) bounds(cfg *config.Config) map[string][]adminapi.Bound {
	bounds := map[string][]adminapi.Bound{
		"cache_bytes": {{Label: "cache.max_bytes", Value: float64(cfg.Cache.MaxBytes)}},
		"token_size": {
			{Label: "claim.max_token_size", Value: float64(cfg.Claim.MaxTokenSize)},
			{Label: "claim.max_header_size", Value: float64(cfg.Claim.MaxHeaderSize)},
		},
	}
	if life := m.promised(cfg); life > 0 {
		bounds["document_age"] = []adminapi.Bound{{Label: "promise", Value: life.Seconds()}}
	}
	return bounds
}

// promised returns how old the document in a token may be when it is issued, at most: as
// old as the shortest life of a token, or cache.max_age. It is 0 if no token was seen.
func (m monitor) promised(cfg *config.Config) time.Duration {
	life := m.past.logins.ShortestLife()
	if cfg.Cache.MaxAge > 0 && (life == 0 || cfg.Cache.MaxAge < life) {
		return cfg.Cache.MaxAge
	}
	return life
}

// Rules implements [adminapi.Monitor].
func (m monitor) Rules(context.Context) adminapi.Rules {
	cfg, d := m.understoodNow()
	failures := m.past.failures.Last()
	rules := adminapi.Rules{Rules: []adminapi.Rule{}, Warnings: []string{}}
	known := map[string]bool{}
	for _, u := range understoodRules(cfg, d) {
		known[u.Match] = true
		rules.Rules = append(rules.Rules, m.rule(u, failures))
	}
	for _, f := range failures {
		if f.Rule != "" && f.Reason == "" && !known[f.Rule] {
			rules.Warnings = append(rules.Warnings, warningOf(f))
		}
	}
	return rules
}

// understoodNow returns the running configuration and the discovery document.
func (m monitor) understoodNow() (*config.Config, oidc.Discovery) {
	m.mu.Lock()
	defer m.mu.Unlock()
	g := m.current()
	if g.discovery == nil {
		return g.cfg, oidc.Discovery{}
	}
	return g.cfg, *g.discovery
}

func (m monitor) rule(u UnderstoodRule, failures []history.Failure) adminapi.Rule {
	count := m.past.rules.Count(u.Match)
	rule := adminapi.Rule{
		Match: u.Match, Origin: u.Origin, Tokens: []adminapi.RuleToken{}, Refresh: u.Refresh.Is, Why: u.Refresh.Why,
		OnFailure: u.OnFailure, Gate: u.Gate, Restore: noNil(u.Restore),
		Answers: count.Answers, Found: count.Found, Reasons: m.past.figures.By("tokengraft_tokens_total", "reason", "rule", u.Match), Warnings: []string{},
	}
	if !count.Last.IsZero() {
		rule.LastFound = &count.Last
	}
	for _, token := range u.Tokens {
		rule.Tokens = append(rule.Tokens, adminapi.RuleToken{Location: token.Location, Kind: token.Kind, Claim: token.Claim})
	}
	for _, f := range failures {
		if f.Rule == u.Match && (f.Reason == "" || f.Reason == "not_found") {
			rule.Warnings = append(rule.Warnings, warningOf(f))
		}
	}
	return rule
}

// warningOf returns a failure as text for people.
func warningOf(f history.Failure) string {
	text := f.Message
	if f.Cause != "" {
		text += " (" + f.Cause + ")"
	}
	if f.Rule != "" {
		text = f.Rule + ": " + text
	}
	text += "."
	if f.Advice != "" {
		text += " " + f.Advice
	}
	return text
}

// Freshness implements [adminapi.Monitor].
func (m monitor) Freshness(context.Context) adminapi.Freshness {
	g := m.current()
	changes, last, following, since := m.past.figures.Stream()
	f := adminapi.Freshness{
		Since: since, Changes: changes, Evicted: m.past.figures.Total("tokengraft_cache_evictions_total", "cause", "changed"),
		Series: m.past.figures.Series(m.bounds(g.cfg), "changes", "document_age", "source_latency", "cache_hits"),
	}
	if !last.IsZero() {
		f.LastEvent = &last
	}
	f.Stream = streamState(g.cfg, following)
	if f.Stream == "not followed" {
		f.Fault = m.past.failures.Cause("cannot follow the change stream")
	}
	f.PromiseSeconds = m.promised(g.cfg).Seconds()
	f.Promise = promiseInWords(m.promised(g.cfg), following)
	return f
}

// streamState says in words of the API whether the change stream is followed.
func streamState(cfg *config.Config, following bool) string {
	switch {
	case cfg.Documents.File != "", cfg.Documents.MongoDB.Watch == config.Off:
		return "off"
	case following:
		return "followed"
	}
	return "not followed"
}

// promiseInWords says how old the data in tokens is, at most.
func promiseInWords(life time.Duration, following bool) string {
	if life == 0 {
		return ""
	}
	age := inWords(life)
	login := fmt.Sprintf("A login embeds data that is at most %s old", age)
	if following {
		login += ", with every change that the stream has delivered"
	}
	return login + ". A refresh embeds data that was read after the backend answered. So what a token says is at most " + age + " old while the token lives, if it was refreshed."
}

// inWords returns a duration in the largest unit that fits, rounded.
func inWords(d time.Duration) string {
	switch {
	case d >= 2*time.Hour:
		return fmt.Sprintf("%.0f hours", d.Hours())
	case d >= 2*time.Minute:
		return fmt.Sprintf("%.0f minutes", d.Minutes())
	}
	return fmt.Sprintf("%.0f seconds", d.Seconds())
}
