package sidecar

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tokengraft/tokengraft/cache"
	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/keys"
	"github.com/tokengraft/tokengraft/internal/filewatch"
	"github.com/tokengraft/tokengraft/internal/supervise"
	"github.com/tokengraft/tokengraft/internal/userapi"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/oidc"
)

// A generation has everything that is made from one configuration. A reload makes
// the next one. A request uses the generation that it started with to its end.
type generation struct {
	cfg        *config.Config
	logger     *slog.Logger
	backendTLS *backendTLS  // nil means the system's roots
	client     *http.Client // for the sidecar's own requests to the backend
	ring       *keys.Ring
	documents  *documents
	source     *cache.Source // the documents with the cache in front
	signIns    *signIns      // nil if nothing runs when users sign in
	calls      *calls        // nil if users may call nothing
	enricher   *enrich.Enricher
	forwards   []proxy.Forward
	limiter    *userapi.Limiter // of what users send to the sidecar itself
	locals     []proxy.Local
	proxy      *proxy.Proxy
	follower   *oidc.Follower  // nil without oidc
	discovery  *oidc.Discovery // what follower read last; nil before the first. Sidecar.mu guards it once the generation serves
}

// The settings that each part depends on. If none of them changes, the next
// generation keeps the part with its connections and its state.
var (
	backendSettings   = []string{"backend_tls"}
	clientSettings    = []string{"backend", "backend_tls", "public_url", "tls", "timeouts.dial", "timeouts.idle"}
	followerSettings  = append([]string{"oidc", "verify.issuer"}, clientSettings...)
	ringSettings      = append([]string{"verify", "sign"}, followerSettings...)
	documentsSettings = []string{"documents", "claim.format", "claim.include", "claim.exclude", "claim.credentials"}
	signInSettings    = append([]string{"functions", "user_creation", "triggers", "deletions", "shadow"}, documentsSettings...)
	limiterSettings   = []string{"access.per_minute"}
)

// touch reports whether one of these settings changed, or a setting within it.
func touch(changes config.Changes, settings []string) bool {
	return slices.ContainsFunc(changes, func(path string) bool {
		return slices.ContainsFunc(settings, func(setting string) bool {
			rest, within := strings.CutPrefix(path, setting)
			return within && (rest == "" || rest[0] == '.' || rest[0] == '[')
		})
	})
}

// newGeneration makes the generation of a configuration. It keeps the parts of the
// one before that have not changed; before may be nil. It reads files and sends
// nothing over the network.
func newGeneration(s *Sidecar, cfg *config.Config, before *generation) (*generation, error) {
	g := &generation{cfg: cfg, logger: s.o.Logger}
	keeps := func(settings []string) bool {
		return before != nil && !touch(cfg.ChangesSince(before.cfg), settings)
	}
	var err error
	if keeps(backendSettings) {
		g.backendTLS = before.backendTLS
	} else if g.backendTLS, err = openBackendTLS(cfg, s.o.Logger); err != nil {
		return nil, err
	}
	if keeps(clientSettings) {
		g.client = before.client
	} else {
		g.client = backendClient(cfg, g.backendTLS.config())
	}
	if keeps(followerSettings) {
		s.mu.Lock()
		g.follower, g.discovery = before.follower, before.discovery
		s.mu.Unlock()
	} else if cfg.OIDC.Enabled {
		if g.follower, err = newFollower(cfg, g.client, s.o.Logger, s.applyDiscovery); err != nil {
			return nil, err
		}
	}
	if keeps(ringSettings) {
		g.ring = before.ring
	} else if g.ring, err = openRing(cfg, g.client, s.o.Logger); err != nil {
		return nil, err
	}
	if keeps(documentsSettings) {
		g.documents = before.documents
	} else if g.documents, err = openDocuments(cfg, s.o, s.cache); err != nil {
		return nil, err
	}
	if s.withoutHooks {
		g.signIns = nil
	} else if keeps(signInSettings) {
		g.signIns = before.signIns
	} else if g.signIns, err = openSignIns(cfg, g.documents, s.o); err != nil {
		g.discard(before)
		return nil, err
	}
	if err := g.openCalls(s, before, keeps); err != nil {
		g.discard(before)
		return nil, err
	}
	if keeps(limiterSettings) {
		g.limiter = before.limiter
	} else {
		g.limiter = userapi.NewLimiter(int(cfg.Access.PerMinute))
	}
	g.documents.longest = max(g.documents.longest, cfg.Timeouts.Response)
	if err := g.assemble(s); err != nil {
		g.discard(before)
		return nil, err
	}
	return g, nil
}

// assemble makes the parts that no generation shares with another: the enricher and
// the proxy.
func (g *generation) assemble(s *Sidecar) (err error) {
	g.source = s.cache.Source(g.documents, shape(g.cfg))
	o := enrich.Options{
		Ring:                g.ring,
		Source:              g.source,
		UserID:              string(g.cfg.Documents.UserIDClaim),
		Documents:           describeDocuments(g.cfg),
		UserIssuer:          g.cfg.Documents.UserIDIssuer != "",
		Claim:               g.cfg.Claim.Name,
		AllowPrivilegedName: g.cfg.Claim.AllowPrivilegedName,
		Freshness:           g.cfg.Claim.Freshness,
		ReadAt:              g.cfg.Claim.ReadAt,
		Kinds:               kindsOf(g.cfg.Claim),
		MaxSize:             int(g.cfg.Claim.MaxSize),
		MaxAge:              g.cfg.Cache.MaxAge,
		FreshLogins:         g.cfg.Access.Writes(),
		Restore:             restoreOf(g.cfg),
		Meter:               s.o.Meter,
		Logger:              g.logger,
	}
	if g.signIns != nil {
		o.Hooks = g.signIns
	}
	if g.enricher, err = enrich.New(o); err != nil {
		return err
	}
	if err := checkReads(g.cfg); err != nil {
		return err
	}
	if g.forwards, err = openForwards(g.cfg, g.enricher, s.o); err != nil {
		return err
	}
	owner, err := g.ownerLocals(s)
	if err != nil {
		return err
	}
	calls, err := g.callLocals(s)
	if err != nil {
		return err
	}
	g.locals = append(owner, calls...)
	var discovery oidc.Discovery
	if g.discovery != nil {
		discovery = *g.discovery
		g.setIssuer(discovery)
	}
	snapshot, err := newSnapshot(g, discovery)
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
		Memory:         s.shared.memory,
		ClientMemory:   s.shared.memoryOf,
		Responses:      s.shared.responses,
		Turns:          s.shared.turns,
		Diagnose:       diagnoses[g.cfg.Diagnose],
		Observer:       &s.past,
		Logger:         g.logger,
		Meter:          s.o.Meter,
		Tracer:         s.o.Tracer,
	}, snapshot)
	return err
}

// discard closes what was opened for a generation that will not serve.
func (g *generation) discard(before *generation) {
	if before == nil || g.signIns != before.signIns {
		_ = g.signIns.close(context.Background()) // nothing has called its functions
	}
	if before == nil || g.calls != before.calls {
		_ = g.calls.close(context.Background()) // as above
	}
	if before == nil || g.documents != before.documents {
		g.documents.close(context.Background())
	}
}

// prepareTimeout is how long a reload waits for the backend's keys and discovery
// document before it continues without them.
const prepareTimeout = 3 * time.Second

// prepare fetches the backend's keys and discovery document if they may differ from
// those of the generation before, so that the first login finds them. If they do not
// arrive in time, they are fetched in the background.
func (g *generation) prepare(ctx context.Context, before *generation) {
	ctx, cancel := context.WithTimeout(ctx, prepareTimeout)
	defer cancel()
	if g.follower != nil && g.follower != before.follower {
		if discovery, err := g.follower.Fetch(ctx); err == nil {
			g.applyDiscovery(discovery)
		}
	}
	if g.ring != before.ring {
		g.ring.Check(ctx)
	}
}

// applyDiscovery applies a discovery document, from the next request on. It reports
// whether the document makes valid rules.
func (g *generation) applyDiscovery(d oidc.Discovery) bool {
	snapshot, err := newSnapshot(g, d)
	if err == nil {
		g.setIssuer(d) // before the rules, because their first login needs the keys
		err = g.proxy.Use(snapshot)
	}
	if err != nil {
		g.logger.Error("the rules from the discovery document are not valid; the previous rules stay in use", "error", err)
		return false
	}
	g.discovery = &d
	for _, fault := range d.LeftOut {
		g.logger.Warn("a member of the backend's discovery document cannot be read. It counts as missing; the others are used", "fault", fault)
	}
	return true
}

// setIssuer gives the ring the issuer and the address of the backend's keys.
func (g *generation) setIssuer(d oidc.Discovery) {
	g.ring.ApplyDiscovery(jwksAddress(g.cfg, d), d.Issuer)
}

// jwksAddress returns the address of the JWK Set that a discovery document names, or "" if
// it names none.
func jwksAddress(cfg *config.Config, d oidc.Discovery) string {
	if d.JWKS == "" {
		return ""
	}
	return cfg.Backend.String() + d.JWKS
}

// startLines returns what the log says about the generation. Sidecar.mu must be held.
func (g *generation) startLines() []startLine { return startLines(g.cfg, g.discovery) }

// tasks returns the background work of the generation.
func (g *generation) tasks() tasks {
	tasks := tasks{g.ring: g.followKeys, g.documents: g.documents.run, g.proxy: g.proxy.Run}
	if g.signIns != nil {
		tasks[g.signIns] = g.signIns.run
	}
	if g.backendTLS != nil {
		tasks[g.backendTLS] = g.backendTLS.run
	}
	if g.follower != nil {
		tasks[g.follower] = g.follower.Run
	}
	return tasks
}

// followKeys follows the keys of the backend and of the sidecar. The ring also polls
// the directory, so a directory that cannot be watched is not an error.
func (g *generation) followKeys(ctx context.Context) {
	var following sync.WaitGroup
	following.Go(func() { supervise.Run(ctx, g.logger, "keys", g.ring.Run) })
	if g.ring.HasOwnKeys() {
		if err := filewatch.Dir(ctx, string(g.cfg.Sign.Keys), g.ring.Reload); err != nil {
			g.logger.Warn("the key directory cannot be watched; new keys are noticed within seconds, not at once", "error", err)
		}
	}
	following.Wait()
}
