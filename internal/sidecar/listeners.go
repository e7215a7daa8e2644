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
)

// ServeOptions are what the listeners need besides the sidecar.
type ServeOptions struct {
	// Metrics answers GET /metrics of the admin listener.
	Metrics http.Handler
	// Level is what PUT /loglevel sets.
	Level *slog.LevelVar
	// Flush exports what is left of the telemetry. It is called last.
	Flush func(context.Context) error
}

// adminTimeout bounds a request to the admin listener, and its answer.
const adminTimeout = 10 * time.Second

// listen opens the listeners, the public one first. It is shut down first, too,
// while the admin listener still says that the sidecar is stopping.
func listen(s *Sidecar, o ServeOptions) ([]*server, error) {
	cfg := s.current().cfg
	public, err := openListener("listen", cfg.Listen)
	if err != nil {
		return nil, err
	}
	servers := []*server{newServer(s, "public", public, s, serverTLS(s.public))}
	if cfg.Admin == "" {
		return servers, nil
	}
	listener, err := openListener("admin", cfg.Admin)
	if err != nil {
		public.Close()
		return nil, err
	}
	a := newServer(s, "admin", listener, adminHandler(s, o), nil)
	a.ReadTimeout, a.WriteTimeout = adminTimeout, adminTimeout
	warnIfOpen(s.o.Logger, listener.Addr())
	return append(servers, a), nil
}

func openListener(setting string, address config.Address) (net.Listener, error) {
	listener, err := net.Listen("tcp", string(address))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", setting, err)
	}
	return listener, nil
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

// warnIfOpen warns of an admin listener that other machines can reach.
func warnIfOpen(logger *slog.Logger, address net.Addr) {
	if tcp, ok := address.(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
		logger.Warn("other machines can reach the admin listener: health and metrics are open to them, the rest to holders of admin_token; admin: 127.0.0.1:9901 is for this machine alone", "address", address.String())
	}
}

// maxHeader is the least that the server itself takes of a header, in bytes. It
// refuses more without a word, and limits.headers shall be answered well.
const maxHeader = 1 << 20

func serverHeader(cfg *config.Config) int { return max(maxHeader, 2*int(cfg.Limits.Headers)) }

func newServer(s *Sidecar, name string, listener net.Listener, handler http.Handler, t *tls.Config) *server {
	s.o.Logger.Info("listening", "listener", name, "address", listener.Addr().String())
	requests := &inFlight{Handler: handler}
	base, cut := context.WithCancel(context.Background())
	h := httpServer(s, requests, t)
	h.BaseContext = func(net.Listener) context.Context { return base }
	return &server{h, name, listener, requests, cut}
}

// httpServer bounds what a client can keep busy without a request. How long a
// request may take is up to the proxy.
func httpServer(s *Sidecar, handler http.Handler, t *tls.Config) *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)            // over TLS
	protocols.SetUnencryptedHTTP2(true) // behind load balancers that speak it
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    serverHeader(s.current().cfg),
		Protocols:         protocols,
		TLSConfig:         t,
		ErrorLog:          slog.NewLogLogger(s.o.Logger.Handler(), slog.LevelDebug),

		DisableGeneralOptionsHandler: true, // OPTIONS * is the backend's to answer
	}
}
