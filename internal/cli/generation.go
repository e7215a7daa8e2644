package cli

import (
	"context"
	"log/slog"
	"slices"
	"sync"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/keys"
	"github.com/tokengraft/tokengraft/internal/filewatch"
	"github.com/tokengraft/tokengraft/internal/supervise"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/oidc"
)

// A generation is everything that one configuration is made into, put together
// here and nowhere else. A reload makes the next one. Requests finish by the
// generation that they began with.
type generation struct {
	sidecar    *sidecar
	cfg        *config.Config
	logger     *slog.Logger
	backendTLS *backendTLS // nil for the system's way
	ring       *keys.Ring
	documents  *documents
	signIns    *signIns // nil where nothing happens when users sign in
	enricher   *enrich.Enricher
	proxy      *proxy.Proxy
	follower   *oidc.Follower  // nil without oidc
	learned    *oidc.Discovery // by the follower; nil for nothing yet. Guarded by sidecar.mu once it serves
}

// The settings that a part is made of. While none of them changes it goes on in
// the next generation, with all that it has learned, and its connections.
var (
	backendSettings   = []string{"backend_tls"}
	followerSettings  = []string{"backend", "backend_tls", "public_url", "timeouts.dial", "timeouts.idle", "oidc"}
	ringSettings      = append([]string{"verify", "sign"}, followerSettings...)
	documentsSettings = []string{"documents", "claim.format", "claim.include", "claim.exclude"}
	signInSettings    = append([]string{"functions", "user_creation", "triggers", "deletions", "shadow"}, documentsSettings...)
)

// generate makes the generation of a configuration, taking over what it can from
// the one before, which may be nil. It reads files and asks nobody over the
// network.
func (s *sidecar) generate(cfg *config.Config, before *generation) (*generation, error) {
	g := &generation{sidecar: s, cfg: cfg, logger: s.logger}
	keeps := func(settings []string) bool {
		return before != nil && !cfg.ChangesSince(before.cfg).Touch(settings...)
	}
	var err error
	if keeps(backendSettings) {
		g.backendTLS = before.backendTLS
	} else if g.backendTLS, err = openBackendTLS(cfg, s.logger); err != nil {
		return nil, err
	}
	if keeps(followerSettings) {
		s.mu.Lock()
		g.follower, g.learned = before.follower, before.learned
		s.mu.Unlock()
	} else {
		g.follower = g.newFollower()
	}
	if keeps(ringSettings) {
		g.ring = before.ring
	} else if g.ring, err = openRing(cfg, g.backendTLS.config(), s.logger); err != nil {
		return nil, err
	}
	if keeps(documentsSettings) {
		g.documents = before.documents
	} else if g.documents, err = openDocuments(cfg, s); err != nil {
		return nil, err
	}
	if keeps(signInSettings) {
		g.signIns = before.signIns
	} else if g.signIns, err = openSignIns(cfg, g.documents, s); err != nil {
		g.discard(before)
		return nil, err
	}
	g.documents.longest = max(g.documents.longest, cfg.Timeouts.Response)
	if err := g.assemble(); err != nil {
		g.discard(before)
		return nil, err
	}
	return g, nil
}

// discard closes what was opened for a generation that is not to be.
func (g *generation) discard(before *generation) {
	if before == nil || g.documents != before.documents {
		g.documents.close(context.Background())
	}
}

// assemble makes what every generation has of its own.
func (g *generation) assemble() (err error) {
	o := enrich.Options{
		Ring:      g.ring,
		Source:    g.sidecar.cache.Source(g.documents, shape(g.cfg)),
		UserID:    string(g.cfg.Documents.UserIDClaim),
		Claim:     g.cfg.Claim.Name,
		Freshness: g.cfg.Claim.Freshness,
		ReadAt:    g.cfg.Claim.ReadAt,
		Kinds:     kindsOf(g.cfg.Claim),
		MaxSize:   int(g.cfg.Claim.MaxSize),
		MaxAge:    g.cfg.Cache.MaxAge,
		Restore:   restoreOf(g.cfg),
		Meter:     g.sidecar.meter,
		Logger:    g.logger,
	}
	if g.signIns != nil {
		o.Hooks = g.signIns
	}
	if g.enricher, err = enrich.New(o); err != nil {
		return err
	}
	var learned oidc.Discovery
	if g.learned != nil {
		learned = *g.learned
		g.setIssuer(learned)
	}
	snapshot, err := g.snapshot(learned)
	if err != nil {
		return err
	}
	g.proxy, err = proxy.New(proxy.Options{
		Backend:        g.cfg.Backend.URL(),
		TLS:            g.backendTLS.config(),
		PublicURL:      publicURL(g.cfg),
		TrustedProxies: slices.Concat(g.cfg.TrustedProxies...),
		Timeouts:       proxy.Timeouts{Dial: g.cfg.Timeouts.Dial, Response: g.cfg.Timeouts.Response, Idle: g.cfg.Timeouts.Idle},
		Limits:         proxy.Limits{Body: int64(g.cfg.Limits.Body), Headers: int64(g.cfg.Limits.Headers)},
		Logger:         g.logger,
		Meter:          g.sidecar.meter,
		Tracer:         g.sidecar.tracer,
	}, snapshot)
	return err
}

// prepare asks the backend for what the generation before did not know, so that
// no login comes too early for its keys. What cannot be had in time is followed
// up like everything else.
func (g *generation) prepare(ctx context.Context, before *generation) {
	ctx, cancel := context.WithTimeout(ctx, preparing)
	defer cancel()
	if g.follower != nil && g.follower != before.follower {
		if learned, err := g.follower.Fetch(ctx); err == nil {
			g.learn(learned)
		}
	}
	if g.ring != before.ring {
		g.ring.Check(ctx)
	}
}

// work is what goes on beside the requests, by the part that it is for.
func (g *generation) work() map[any]func(context.Context) {
	work := map[any]func(context.Context){g.ring: g.followKeys, g.documents: g.documents.run, g.proxy: g.proxy.Run}
	if g.signIns != nil {
		work[g.signIns] = g.signIns.run
	}
	if g.backendTLS != nil {
		work[g.backendTLS] = g.backendTLS.run
	}
	if g.follower != nil {
		work[g.follower] = g.follower.Run
	}
	return work
}

// followKeys follows the backend's keys and ours. The directory is polled, too,
// so one that cannot be watched is no fault.
func (g *generation) followKeys(ctx context.Context) {
	var following sync.WaitGroup
	following.Go(func() { supervise.Run(ctx, g.logger, "keys", g.ring.Run) })
	if g.ring.HasOwn() {
		if err := filewatch.Dir(ctx, string(g.cfg.Sign.Keys), g.ring.Reload); err != nil {
			g.logger.Warn("key directory is only polled: new keys are seen within seconds, not at once", "error", err)
		}
	}
	following.Wait()
}

// refuses reports whether any rule refuses rather than passes; none does in
// shadow.
func (g *generation) refuses() bool {
	if g.cfg.Shadow {
		return false
	}
	if g.cfg.OIDC.Enabled && g.cfg.OnFailure == config.Refuse {
		return true
	}
	for _, rule := range g.cfg.Rules {
		if rule.OnFailure == config.Refuse {
			return true
		}
	}
	return false
}
