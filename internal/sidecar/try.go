package sidecar

import (
	"context"
	"fmt"
	"time"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/pasted"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/oidc"
)

// TryInput is what [Try] tries.
type TryInput struct {
	pasted.Input
	// Rule is the pattern of the rule that handles the responses, or a request that it
	// matches. It is empty for the only rule, or the first one whose locations fit.
	Rule string
}

// Try does with a token or with responses what a running sidecar does, with the same
// code, and describes it. It changes nothing and runs no hooks. It treats the tokens as if a
// refresh had just issued them, so that the document comes from the source, and not from a
// cache. A [RuleError] says that the rule is not clear.
func Try(ctx context.Context, cfg *config.Config, o Options, input TryInput) (*Trial, error) {
	// Rules are gates as in serve, although no user is created.
	changesNothing := *cfg
	changesNothing.Deletions = nil
	s, err := open(&changesNothing, o, true)
	if err != nil {
		return nil, err
	}
	defer s.Close(context.WithoutCancel(ctx))
	g := s.current()
	g.fetch(ctx)
	t := &trier{g}
	if len(input.Responses) == 0 {
		return t.token(ctx, input)
	}
	return t.responses(ctx, input)
}

// A trier tries one input.
type trier struct{ *generation }

// token tries one token, as if it were in a body.
func (t *trier) token(ctx context.Context, input TryInput) (*Trial, error) {
	trial := &Trial{Tokens: []TriedToken{}, Notes: t.notes()}
	if input.Rule != "" {
		rule, err := t.ruleNamed(input.Rule)
		if err != nil {
			return nil, err
		}
		trial.Rule = rule.Pattern
	}
	issued := enrich.Issued{Raw: input.Token, Kind: kindsOf(t.cfg.Claim)[0], Budget: int(t.cfg.Claim.MaxTokenSize)}
	outcome := t.enricher.Enrich(ctx, enrich.Grant{
		Answered:    time.Now(),
		Cause:       enrich.CauseRefresh,
		MarkFailure: t.cfg.OnFailure == config.Pass,
		Tokens:      []enrich.Issued{issued},
	})[0]
	tried := t.describe(ctx, issued, outcome)
	if hasSize(issued.Raw, outcome) {
		tried.Sizes = append(tried.Sizes, sizesIn(enrichedSize(outcome), t.cfg.Claim)...)
	}
	trial.Tokens = []TriedToken{tried}
	trial.finish()
	return trial, nil
}

// responses tries the last response that has a token, or else the last one.
func (t *trier) responses(ctx context.Context, input TryInput) (*Trial, error) {
	rule, same, err := t.chooseRule(input)
	if err != nil {
		return nil, err
	}
	response, number := t.chooseResponse(rule, input.Responses)
	tried, err := t.proxy.Try(ctx, rule.Pattern, httpResponse(response))
	if err != nil {
		return nil, err
	}
	trial := &Trial{
		Rule:     rule.Pattern,
		Response: &TriedResponse{Status: response.Status, Number: number, Of: len(input.Responses)},
		Unread:   tried.Unread,
		Refused:  tried.Refused,
		Tokens:   []TriedToken{},
		Notes:    append(t.notes(), t.hookNotes()...),
	}
	if len(same) > 1 {
		trial.Notes = append(trial.Notes, sameNote(same))
	}
	for i, outcome := range tried.Outcomes {
		token := t.describe(ctx, tried.Tokens[i], outcome)
		token.Sizes = append(token.Sizes, t.sizesAt(tried.Found, tried.Tokens[i].Raw, outcome)...)
		trial.Tokens = append(trial.Tokens, token)
	}
	if tried.Unread == "" {
		trial.locate(rule, tried)
	}
	trial.finish()
	return trial, nil
}

// notes says what differs in a running sidecar.
func (t *trier) notes() []string {
	switch {
	case !t.cfg.Claim.Enabled:
		return []string{"claim.enabled is false: serve looks at no token."}
	case t.cfg.Shadow:
		return []string{"shadow is on: serve counts what it would do, and changes nothing."}
	}
	return nil
}

func (t *trier) hookNotes() []string {
	if !t.cfg.UserCreation.Enabled() && len(t.cfg.Triggers) == 0 {
		return nil
	}
	return []string{"try runs no triggers, and creates no user. serve does at a sign-in."}
}

// rules returns the rules for tokens in responses.
func (t *trier) rules() []proxy.Rule {
	var discovery oidc.Discovery
	if t.discovery != nil {
		discovery = *t.discovery
	}
	var rules []proxy.Rule
	for _, rule := range rulesOf(t.cfg, discovery) {
		if len(rule.Tokens) > 0 {
			rules = append(rules, rule)
		}
	}
	return rules
}

// fetch fetches the backend's discovery document and keys now. It only logs errors,
// because the reason of each token then shows the effect.
func (g *generation) fetch(ctx context.Context) {
	if g.follower != nil {
		if discovery, err := g.follower.Fetch(ctx); err != nil {
			g.logger.Warn("cannot fetch the backend's discovery document", "error", err)
		} else {
			g.applyDiscovery(discovery)
		}
	}
	if err := g.ring.Check(ctx); err != nil {
		g.logger.Warn("the keys cannot be used", "error", err)
	}
}

// errRule is the text of a [RuleError].
func errRule(format string, args ...any) *RuleError {
	return &RuleError{Text: fmt.Sprintf(format, args...)}
}
