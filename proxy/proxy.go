package proxy

import (
	"context"
	"net/http"
	"net/http/httputil"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/tokengraft/tokengraft/internal/budget"
	"github.com/tokengraft/tokengraft/internal/loglimit"
)

// A Proxy is an [http.Handler] in front of one backend. Make one with [New]. It is safe
// for concurrent use.
type Proxy struct {
	options        Options
	snapshot       atomic.Pointer[Snapshot]
	reverse        *httputil.ReverseProxy
	metrics        metrics
	http           *httpMetrics
	shadow         *shadow
	untrustedPeers untrustedPeers
	warnings       loglimit.Counter // by rule and subject
	refusals       *budget.Refusals
	diagnosis      *diagnosis   // nil if it is off
	names          *headerNames // of the backend's responses

	warnedUnrestored sync.Once
}

// New returns a Proxy that serves the snapshot. The error names each field of the
// options, or of the snapshot, that is missing or wrong.
func New(o Options, s *Snapshot) (*Proxy, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	p := &Proxy{
		options:        o,
		shadow:         newShadow(o.Logger),
		untrustedPeers: untrustedPeers{logger: o.Logger},
		names:          newHeaderNames(),
	}
	if p.metrics, err = newMetrics(o.Meter); err != nil {
		return nil, err
	}
	p.diagnosis = newDiagnosis(o, p.metrics)
	if p.http, err = newHTTPMetrics(o); err != nil {
		return nil, err
	}
	if p.refusals, err = budget.NewRefusals(o.Meter, o.Logger); err != nil {
		return nil, err
	}
	if err := p.Use(s); err != nil {
		return nil, err
	}
	p.reverse = newReverseProxy(o, p.names, p.http)
	return p, nil
}

// Use makes new requests use another snapshot. Requests in flight continue with the
// snapshot they started with. If s is invalid, Use returns an error that names each
// wrong field and changes nothing.
func (p *Proxy) Use(s *Snapshot) error {
	s, err := s.ready()
	if err != nil {
		return err
	}
	for _, rule := range s.Rules.all() {
		if len(rule.Tokens) > 0 || rule.Gate {
			p.metrics.announce(rule)
		}
	}
	if before := p.snapshot.Swap(s); before != nil && !slices.Equal(before.gates(), s.gates()) {
		p.logGates()
	}
	return nil
}

// ServeHTTP implements [http.Handler].
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r, span := p.startSpan(r)
	x := newExchange(p, w, r)
	defer x.endSpan(span)
	labels := p.http.begin(r, x.method)
	defer func() { p.http.end(r.Context(), labels, x, protocolVersion(r.ProtoMajor, r.ProtoMinor)) }()
	x.run(r)
}

// logGates says which rules are gates.
func (p *Proxy) logGates() {
	if gates := p.snapshot.Load().gates(); len(gates) > 0 {
		p.options.Logger.Info("these rules are gates: no token leaves unless it was accepted. This holds for clients that can reach the backend only through the sidecar", "rules", gates)
	}
}

// Run logs which rules are gates, and the report of shadow mode once a minute until ctx
// ends. At the end it waits up to one second for responses that are still being checked,
// and logs a last report. It also records in a metric whether shadow mode is on when it
// starts. A Proxy without shadow mode works without Run.
func (p *Proxy) Run(ctx context.Context) {
	snapshot := p.snapshot.Load()
	on := snapshot.Shadow && !snapshot.Off
	p.metrics.setShadow(ctx, on)
	switch {
	case snapshot.Off:
		p.options.Logger.Info("tokens of responses are left alone, because claim.enabled is false")
	case on:
		p.options.Logger.Info("shadow is on: tokens are counted, but not changed")
	}
	p.logGates()
	p.shadow.run(ctx)
}
