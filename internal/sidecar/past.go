package sidecar

import (
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/history"
	"github.com/tokengraft/tokengraft/proxy"
)

// past is what the sidecar remembers of its past, for the console. It implements
// [proxy.Observer].
type past struct {
	started  time.Time
	logins   *history.Logins
	rules    *history.Rules
	failures *history.Failures
	figures  *history.Figures
}

func newPast() past {
	return past{time.Now(), &history.Logins{}, &history.Rules{}, &history.Failures{}, history.NewFigures(nil)}
}

// Answered implements [proxy.Observer].
func (p *past) Answered(rule string) { p.rules.Answered(rule) }

// Issued implements [proxy.Observer]. It keeps sizes and the user, and no token.
func (p *past) Issued(i proxy.Issuance) {
	now := time.Now()
	p.rules.Found(i.Rule, len(i.Tokens), now)
	login := history.Login{Time: now, Rule: i.Rule, Refresh: i.Cause == enrich.CauseRefresh}
	var memory [2]history.Token // enough for most logins
	tokens := memory[:0]
	for n, outcome := range i.Outcomes {
		issued := i.Tokens[n]
		tokens = append(tokens, history.Token{
			Kind: issued.Kind, InHeader: i.InHeader(n), Budget: issued.Budget,
			Before: len(issued.Raw), After: len(outcome.Raw), Document: outcome.DocumentSize, Life: outcome.Life, Reason: outcome.Reason,
		})
		if login.User == (enrich.User{}) {
			login.User = outcome.User
		}
	}
	login.Tokens = tokens
	p.logins.Add(login)
}

// gather returns a function that gathers what the console plots, or nil without metrics.
func (s *Sidecar) gather(metrics func() []history.Measurement) func() []history.Measurement {
	if metrics == nil {
		return nil
	}
	return func() []history.Measurement {
		return append(metrics(), history.CacheBytes(s.cache.Bytes()))
	}
}

// pastLogins returns the last logins, as an effect needs them.
func (p *past) pastLogins() []pastLogin {
	var logins []pastLogin
	for _, login := range p.logins.Last() {
		one := pastLogin{user: login.User}
		for _, t := range login.Tokens {
			one.tokens = append(one.tokens, pastToken{
				kind: t.Kind, inBody: !t.InHeader, budget: t.Budget, before: t.Before, after: t.After, document: t.Document, reason: t.Reason,
			})
		}
		logins = append(logins, one)
	}
	return logins
}
