package sidecar

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/internal/admin"
	"github.com/tokengraft/tokengraft/internal/connlimit"
	"github.com/tokengraft/tokengraft/internal/loglimit"
	"github.com/tokengraft/tokengraft/internal/sockets"
)

// ServeOptions are the options of [Sidecar.Serve].
type ServeOptions struct {
	// Metrics answers GET /metrics of the admin listener.
	Metrics http.Handler
	// Level is what PUT /loglevel sets.
	Level *slog.LevelVar
	// Flush exports the remaining telemetry. It is called last.
	Flush func(context.Context) error
}

// adminTimeout bounds a request to the admin listener, and its response.
const adminTimeout = 10 * time.Second

// listen opens the listeners, the public one first. The servers are shut down in the
// same order, so that the admin listener can report that the sidecar is stopping.
func listen(s *Sidecar, o ServeOptions) ([]*server, error) {
	cfg := s.current().cfg
	public, err := openListener(cfg, "listen", cfg.Listen)
	if err != nil {
		return nil, err
	}
	pool, err := newPool(s, bounds(cfg))
	if err != nil {
		public.Close()
		return nil, err
	}
	s.connections.Store(pool)
	if advice := memoryAdvice(cfg); advice != "" {
		s.o.Logger.Warn("the memory may not suffice", "advice", advice)
	}
	servers := []*server{newServer(s, "public", public, pool, s, serverTLS(s.public))}
	if cfg.Admin == "" {
		return servers, nil
	}
	a, err := listenAdmin(s, cfg, o)
	if err != nil {
		public.Close()
		return nil, err
	}
	return append(servers, a), nil
}

// listenAdmin opens the admin listener. It has connections of its own, so that it
// answers while clients use all public ones.
func listenAdmin(s *Sidecar, cfg *config.Config, o ServeOptions) (*server, error) {
	listener, err := openListener(cfg, "admin", cfg.Admin)
	if err != nil {
		return nil, err
	}
	pool, err := newPool(s, adminBounds)
	if err != nil {
		listener.Close()
		return nil, err
	}
	a := newServer(s, "admin", listener, pool, adminHandler(s, o), nil)
	a.ReadTimeout, a.WriteTimeout = adminTimeout, adminTimeout
	warnIfOpen(s.o.Logger, listener.Addr())
	return a, nil
}

// openListener opens a listener. Its error is a [config.FieldError].
func openListener(cfg *config.Config, setting string, address config.Address) (*net.TCPListener, error) {
	config := net.ListenConfig{Control: sockets.Bound}
	listener, err := config.Listen(context.Background(), "tcp", string(address))
	if err != nil {
		return nil, cfg.Fault(setting, fmt.Errorf("%w; use a free address of this machine on which this user may listen", err))
	}
	return listener.(*net.TCPListener), nil
}

func adminHandler(s *Sidecar, o ServeOptions) http.Handler {
	return admin.New(admin.Options{
		Token:     func() string { return s.current().cfg.AdminToken.Reveal() },
		Metrics:   o.Metrics,
		Cache:     s.cache,
		Figures:   func() any { return s.cache.Stats() },
		Readiness: s.readiness,
		Level:     o.Level,
	})
}

// warnIfOpen warns about an admin listener that other machines can reach.
func warnIfOpen(logger *slog.Logger, address net.Addr) {
	if tcp, ok := address.(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
		logger.Warn("other machines can reach the admin listener: health and metrics are open to them, everything else requires admin_token. Set admin to 127.0.0.1:9901 to allow only this machine", "address", address.String())
	}
}

func newServer(s *Sidecar, name string, listener *net.TCPListener, pool *connlimit.Pool, handler http.Handler, t *tls.Config) *server {
	bound := capacity{adminConnections, "the admin listener"}
	if name == "public" {
		bound = capacityOf(s.current().cfg)
	}
	s.o.Logger.Info("listening", "listener", name, "address", listener.Addr().String(), "connections", bound.connections, "bound_by", bound.boundBy)
	requests := &inFlight{Handler: withoutPreface(handler)}
	base, cut := context.WithCancel(context.Background())
	h := httpServer(s, requests, t)
	h.Protocols.SetUnencryptedHTTP2(speaksH2C(s.current().cfg, name))
	h.BaseContext = func(net.Listener) context.Context { return base }
	pool.Configure(h)
	return &server{h, name, pool.Listener(listener), requests, cut}
}

// speaksH2C reports whether a listener speaks HTTP/2 without TLS.
func speaksH2C(cfg *config.Config, listener string) bool {
	return cfg.H2C == config.H2CAll || cfg.H2C == config.H2CPublic && listener == "public"
}

// httpServer bounds connections without a request. The proxy bounds requests.
func httpServer(s *Sidecar, handler http.Handler, t *tls.Config) *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true) // over TLS
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    serverHeader(s.current().cfg),
		Protocols:         protocols,
		HTTP2:             http2Bounds(),
		TLSConfig:         t,
		ErrorLog:          loglimit.NewErrorLog(s.o.Logger),

		DisableGeneralOptionsHandler: true, // the backend answers OPTIONS *
	}
}
