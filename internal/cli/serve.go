package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/internal/admin"
)

func serveCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "serve",
		Short: "Run the sidecar",
		Long:  "Serve runs the sidecar until SIGINT or SIGTERM. It starts while the backend or MongoDB are\naway and heals by itself. A changed configuration file counts without a\nrestart; SIGHUP looks for it at once. It logs one \"listening\" line for each listener, to\nstderr.",
		Args:  noArguments,
	}
	path := configFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		logger, level, err := newLogger(c.ErrOrStderr())
		if err != nil {
			return err
		}
		cfg, err := loadConfig(*path)
		if err != nil {
			return err
		}
		telemetry, err := newTelemetry(c.Context(), logger)
		if err != nil {
			return err
		}
		// net/http tells it of what a backend sent unasked, and quotes that.
		log.SetOutput(io.Discard)
		sidecar, err := open(cfg, logger, telemetry.meter, telemetry.tracer)
		if err != nil {
			return err
		}
		return serve(c.Context(), sidecar, telemetry, level)
	}
	return c
}

// serve runs the sidecar until ctx ends, and then stops it cleanly: readiness
// goes down first, what is in flight finishes, telemetry is flushed last.
func serve(ctx context.Context, s *sidecar, t *telemetry, level *slog.LevelVar) error {
	reloader, err := newReloader(s)
	if err != nil {
		return err
	}
	servers, err := s.listen(t, level)
	if err != nil {
		return err
	}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	running.Go(func() { reloader.run(background) })
	running.Go(func() { s.readiness.Run(background) })
	if s.public != nil {
		running.Go(func() { s.public.Run(background) })
	}

	failed := make(chan error, len(servers))
	for _, server := range servers {
		go func() { failed <- server.serve() }()
	}
	var fault error
	select {
	case fault = <-failed:
	case <-ctx.Done():
		s.logger.Info("stopping", "grace", s.present().cfg.Timeouts.Shutdown.String())
	}
	s.readiness.Stop()
	s.stop(servers)
	stop()
	running.Wait()
	flush, cancelFlush := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancelFlush()
	if err := errors.Join(s.close(flush), t.shutdown(flush)); err != nil {
		s.logger.Warn("stopped with an error", "error", err)
	}
	s.logger.Info("stopped")
	return fault
}

// A server is one listener with its handler.
type server struct {
	*http.Server
	name     string
	listener net.Listener
	requests *underway
	cut      context.CancelFunc // ends the requests under way
}

func (s server) serve() error {
	if s.TLSConfig != nil {
		return s.ServeTLS(s.listener, "", "") // TLSConfig has the certificate
	}
	return s.Serve(s.listener)
}

// listen opens the listeners, the public one first: it is shut down first, too,
// while the admin listener still says that the sidecar is stopping.
func (s *sidecar) listen(t *telemetry, level *slog.LevelVar) ([]server, error) {
	cfg := s.present().cfg
	addresses := []struct {
		name, setting, address string
		handler                http.Handler
		tls                    *tls.Config
	}{
		{"public", "listen", string(cfg.Listen), s, serverTLS(s.public)},
		{"admin", "admin", string(cfg.Admin), admin.New(admin.Options{
			Token:     func() string { return s.present().cfg.AdminToken.Reveal() },
			Metrics:   t.handler,
			Cache:     s.cache,
			Figures:   func() any { return s.cache.Stats() },
			Readiness: s.readiness,
			Level:     level,
		}), nil},
	}
	var servers []server
	for _, a := range addresses {
		if a.address == "" {
			continue // admin: off
		}
		listener, err := net.Listen("tcp", a.address)
		if err != nil {
			for _, open := range servers {
				open.listener.Close()
			}
			return nil, fmt.Errorf("%s: %w", a.setting, err)
		}
		s.logger.Info("listening", "listener", a.name, "address", listener.Addr().String())
		opened := s.newServer(a.name, listener, a.handler, a.tls)
		if a.name == "admin" {
			s.warnIfOpen(listener.Addr())
			opened.ReadTimeout, opened.WriteTimeout = adminTimeout, adminTimeout
		}
		servers = append(servers, opened)
	}
	return servers, nil
}

// adminTimeout bounds a request to the admin listener, and its answer.
const adminTimeout = 10 * time.Second

// warnIfOpen warns of an admin listener that is not for this machine alone.
func (s *sidecar) warnIfOpen(address net.Addr) {
	if tcp, ok := address.(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
		s.logger.Warn("other machines can reach the admin listener: health and metrics are open to them, the rest to holders of admin_token; admin: 127.0.0.1:9901 is for this machine alone", "address", address.String())
	}
}

// maxHeader is what the server itself takes of a header, in bytes, at the least:
// it refuses more without a word, and limits.headers shall be answered well.
const maxHeader = 1 << 20

func serverHeader(cfg *config.Config) int { return max(maxHeader, 2*int(cfg.Limits.Headers)) }

func (s *sidecar) newServer(name string, listener net.Listener, handler http.Handler, t *tls.Config) server {
	requests := &underway{Handler: handler}
	base, cut := context.WithCancel(context.Background())
	h := s.httpServer(requests, t)
	h.BaseContext = func(net.Listener) context.Context { return base }
	return server{h, name, listener, requests, cut}
}

// httpServer bounds what a client can keep busy without a request; how long a
// request may take is the proxy's to say.
func (s *sidecar) httpServer(handler http.Handler, t *tls.Config) *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)            // over TLS
	protocols.SetUnencryptedHTTP2(true) // behind load balancers that speak it
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    serverHeader(s.present().cfg),
		Protocols:         protocols,
		TLSConfig:         t,
		ErrorLog:          slog.NewLogLogger(s.logger.Handler(), slog.LevelDebug),

		DisableGeneralOptionsHandler: true, // OPTIONS * is the backend's to answer
	}
}

// conditions are what the sidecar needs. What a failing login would be refused
// for is waited for once; everything else only degrades it.
func (g *generation) conditions() []admin.Condition {
	source := admin.Condition{Name: "source", Gate: g.refuses(), Probe: g.documents.source.Check}
	if g.documents.breaker != nil {
		source.Fault = g.documents.breaker.State
	}
	conditions := []admin.Condition{
		{Name: "backend", Gate: true, Probe: g.answers},
		{Name: "keys", Gate: true, Instant: true, Probe: func(context.Context) error { return g.ring.OwnReady() }},
		{Name: "jwks", Gate: g.refuses(), Instant: true, Probe: func(context.Context) error { return g.ring.BackendReady() }},
		source,
	}
	if g.follower != nil {
		conditions = append(conditions, admin.Condition{
			Name: "discovery", Gate: g.refuses(), Instant: true, Probe: func(context.Context) error { return g.follower.State() },
		})
	}
	return conditions
}

// answers reports whether the backend answers at all.
func (g *generation) answers(ctx context.Context) error {
	_, err := askBackend(ctx, g.cfg, g.backendTLS.config())
	return err
}
