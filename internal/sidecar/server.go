package sidecar

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/internal/connlimit"
)

// A server is one listener with its handler.
type server struct {
	*http.Server
	name     string
	listener net.Listener
	pool     *connlimit.Pool // the connections of listener
	requests *inFlight
	cut      context.CancelFunc // ends the requests in flight
}

func (s *server) serve() error {
	if s.TLSConfig != nil {
		return s.ServeTLS(s.listener, "", "") // TLSConfig has the certificate
	}
	return s.Serve(s.listener)
}

// stopServers stops the servers within timeouts.shutdown. For timeouts.drain, a part
// of it, they still accept requests, until load balancers have noticed that the
// sidecar is not ready.
func stopServers(servers []*server, timeouts config.Timeouts, logger *slog.Logger) {
	grace, cancel := context.WithTimeout(context.Background(), timeouts.Shutdown)
	defer cancel()
	for _, server := range servers {
		server.requests.closing.Store(true)
	}
	time.Sleep(timeouts.Drain)
	for _, server := range servers {
		if cut := server.stop(grace); cut > 0 {
			logger.Warn("requests and upgraded connections were cut at the end of timeouts.shutdown", "listener", server.name, "count", cut)
		}
	}
}

// cutTimeout is how long requests that are cut may take to log their access.
const cutTimeout = 500 * time.Millisecond

// stop stops accepting requests, waits for those in flight until grace ends, and cuts
// the others. It returns how many it cut.
func (s *server) stop(grace context.Context) (cut int64) {
	_ = s.Shutdown(grace) // its only error is that grace ended
	cut = s.requests.wait(grace)
	s.cut()
	_ = s.Close()
	ctx, cancel := context.WithTimeout(context.Background(), cutTimeout)
	defer cancel()
	s.requests.wait(ctx)
	return cut
}

// inFlight counts the requests that a handler serves, including upgraded connections,
// which [http.Server.Shutdown] ignores.
type inFlight struct {
	http.Handler
	count   atomic.Int64
	closing atomic.Bool // clients should send their next request elsewhere
}

// ServeHTTP implements [http.Handler].
func (f *inFlight) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.count.Add(1)
	defer f.count.Add(-1)
	if f.closing.Load() && r.Header.Get("Upgrade") == "" {
		w.Header().Set("Connection", "close") // over HTTP/2 it becomes a GOAWAY
	}
	f.Handler.ServeHTTP(w, r)
}

// wait waits until no request is in flight or ctx ends. It returns the number of
// requests in flight.
func (f *inFlight) wait(ctx context.Context) int64 {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for f.count.Load() > 0 {
		select {
		case <-ctx.Done():
			return f.count.Load()
		case <-tick.C:
		}
	}
	return 0
}
