package sidecar

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/internal/admin"
	"github.com/tokengraft/tokengraft/internal/history"
	"github.com/tokengraft/tokengraft/internal/loglimit"
	"github.com/tokengraft/tokengraft/internal/sockets"
)

// ServeOptions are the options of [Sidecar.Serve].
type ServeOptions struct {
	// Metrics answers GET /metrics of the admin listener.
	Metrics http.Handler
	// Gather returns the metrics as Metrics answers them. Nil: the console has no plots.
	Gather func() []history.Measurement
	// Level is what PUT /loglevel sets.
	Level *slog.LevelVar
	// Flush exports the remaining telemetry. It is called last.
	Flush func(context.Context) error
	// LimitsMemory says that [LimitMemory] was called. A reload that adds or removes
	// functions then calls it again.
	LimitsMemory bool
	// Version is that of the program, for the console.
	Version string
}

// adminTimeout bounds a request to the admin listener, and its response.
const adminTimeout = 10 * time.Second

// listen opens the listeners, the public one first. The servers are shut down in the
// same order, so that the admin listener can report that the sidecar is stopping.
func listen(s *Sidecar, o ServeOptions) ([]*server, error) {
	cfg := s.current().cfg
	listener, err := openListener(cfg, "listen", cfg.Listen)
	if err != nil {
		return nil, err
	}
	public := newServer(s, "public", listener, capacityOf(cfg), s)
	public.TLSConfig = serverTLS(s.public)
	s.connections.Store(public.pool)
	if cfg.Admin == "" {
		return []*server{public}, nil
	}
	admin, err := listenAdmin(s, o)
	if err != nil {
		listener.Close()
		return nil, err
	}
	return []*server{public, admin}, nil
}

// listenAdmin opens the admin listener. It has connections of its own, so that it
// answers while clients use all public ones.
func listenAdmin(s *Sidecar, o ServeOptions) (*server, error) {
	cfg := s.current().cfg
	listener, err := openListener(cfg, "admin", cfg.Admin)
	if err != nil {
		return nil, err
	}
	admin := newServer(s, "admin", listener, adminCapacity, adminHandler(s, o))
	admin.ReadTimeout, admin.WriteTimeout = adminTimeout, adminTimeout
	warnIfOpen(s.o.Logger, listener.Addr())
	return admin, nil
}

// openListener opens a listener. Its error is a [config.FieldError].
func openListener(cfg *config.Config, setting string, address config.Address) (*net.TCPListener, error) {
	config := net.ListenConfig{Control: sockets.Bound}
	listener, err := config.Listen(context.Background(), "tcp", string(address))
	if err != nil {
		return nil, cfg.Fault(setting, fmt.Errorf("%w. %s", err, listenAdvice(err)))
	}
	return listener.(*net.TCPListener), nil
}

// listenAdvice says what to do about an address on which the sidecar cannot listen.
func listenAdvice(err error) string {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return "Another program listens there, maybe another tokengraft. Stop it, or set another port"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return "This machine does not have this address. Set one that it has, or :PORT for all of them"
	case errors.Is(err, fs.ErrPermission):
		return "This user may not listen there. Set a port of 1024 or more"
	}
	return "Set a free address of this machine on which this user may listen"
}

func adminHandler(s *Sidecar, o ServeOptions) http.Handler {
	return admin.New(admin.Options{
		Token:     func() string { return s.current().cfg.AdminToken.Reveal() },
		Metrics:   o.Metrics,
		Cache:     s.cache,
		Figures:   func() any { return s.cache.Stats() },
		Explain:   s.explainTo,
		Readiness: s.readiness,
		Level:     o.Level,
		Offer:     s.offer,
		Monitor:   monitor{s, o.Version},

		Configuration: s.configuration(),
		Logger:        s.o.Logger,
	})
}

// offer says what the console offers with the running configuration.
func (s *Sidecar) offer() admin.Offer {
	switch s.current().cfg.Console {
	case config.ConsoleOff:
		return admin.Offer{Off: true}
	case config.ConsoleReadOnly:
		return admin.Offer{ReadOnly: "The setting console is read-only, so nothing can be changed here."}
	}
	return admin.Offer{}
}

// warnIfOpen warns about an admin listener that other machines can reach.
func warnIfOpen(logger *slog.Logger, address net.Addr) {
	if tcp, ok := address.(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
		logger.Warn("other machines can reach the admin listener: health and metrics are open to them, everything else requires admin_token. Set admin to 127.0.0.1:9901 to allow only this machine", "address", address.String())
	}
}

func newServer(s *Sidecar, name string, listener *net.TCPListener, c capacity, handler http.Handler) *server {
	pool := newPool(s, c.Bounds)
	s.o.Logger.Info("listening", "listener", name, "address", listener.Addr().String(), "connections", c.Connections, "bound_by", c.boundBy)
	requests := &inFlight{Handler: withoutPreface(handler)}
	base, cut := context.WithCancel(context.Background())
	h := httpServer(s, requests)
	h.Protocols.SetUnencryptedHTTP2(speaksH2C(s.current().cfg, name))
	h.BaseContext = func(net.Listener) context.Context { return base }
	pool.Configure(h)
	return &server{h, name, pool.Listener(listener), pool, requests, cut}
}

// speaksH2C reports whether a listener speaks HTTP/2 without TLS.
func speaksH2C(cfg *config.Config, listener string) bool {
	return cfg.H2C == config.H2CAll || cfg.H2C == config.H2CPublic && listener == "public"
}

// httpServer bounds connections without a request. The proxy bounds requests.
func httpServer(s *Sidecar, handler http.Handler) *http.Server {
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
		ErrorLog:          loglimit.NewErrorLog(s.o.Logger),

		DisableGeneralOptionsHandler: true, // the backend answers OPTIONS *
	}
}
