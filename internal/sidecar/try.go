package sidecar

import (
	"context"
	"time"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich"
)

// Try enriches one token with the same code as a running sidecar. It changes nothing
// and runs no hooks. It treats the token as if a refresh had just issued it, so that
// the document comes from the source, and not from a cache.
func Try(ctx context.Context, cfg *config.Config, o Options, token string) (enrich.Outcome, error) {
	changesNothing := *cfg
	changesNothing.UserCreation, changesNothing.Triggers = config.UserCreation{}, nil
	s, err := Open(&changesNothing, o)
	if err != nil {
		return enrich.Outcome{}, err
	}
	defer s.Close(context.WithoutCancel(ctx))
	g := s.current()
	g.fetch(ctx)
	g.documents.near.keep()
	outcome := g.enricher.Enrich(ctx, enrich.Grant{
		Answered:    time.Now(),
		Cause:       enrich.CauseRefresh,
		MarkFailure: cfg.OnFailure == config.Pass,
		Tokens:      []enrich.Issued{{Raw: token, Kind: kindsOf(cfg.Claim)[0], Budget: int(cfg.Claim.MaxTokenSize)}},
	})[0]
	if reason := g.documents.near.explain(ctx); outcome.Reason == enrich.NoDocument && reason != nil {
		outcome.Err = reason
	}
	return outcome, nil
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
