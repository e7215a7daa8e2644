package cli

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"
)

// underway counts the requests that a handler serves. [http.Server.Shutdown] does
// not know of upgraded connections, which are among them.
type underway struct {
	http.Handler
	count   atomic.Int64
	closing atomic.Bool // clients are told to take their next request elsewhere
}

// ServeHTTP implements [http.Handler].
func (u *underway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	u.count.Add(1)
	defer u.count.Add(-1)
	if u.closing.Load() && r.Header.Get("Upgrade") == "" {
		w.Header().Set("Connection", "close") // over HTTP/2 it becomes a GOAWAY
	}
	u.Handler.ServeHTTP(w, r)
}

// wait waits until no request is under way or ctx ends, and returns how many are.
func (u *underway) wait(ctx context.Context) int64 {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for u.count.Load() > 0 {
		select {
		case <-ctx.Done():
			return u.count.Load()
		case <-tick.C:
		}
	}
	return 0
}

// stop stops the servers within timeouts.shutdown. For timeouts.drain, a part of
// it, requests are still taken: readiness is down by now, and load balancers are
// to see that first.
func (s *sidecar) stop(servers []server) {
	timeouts := s.present().cfg.Timeouts
	grace, cancel := context.WithTimeout(context.Background(), timeouts.Shutdown)
	defer cancel()
	for _, server := range servers {
		server.requests.closing.Store(true)
	}
	time.Sleep(timeouts.Drain)
	for _, server := range servers {
		if cut := server.stop(grace); cut > 0 {
			s.logger.Warn("requests and upgraded connections were cut at the end of timeouts.shutdown", "listener", server.name, "count", cut)
		}
	}
}

// cutting is how long requests that are cut have for their access log.
const cutting = 500 * time.Millisecond

// stop takes no more requests, waits for those under way as long as grace lasts,
// and cuts the others. It returns how many those were.
func (s server) stop(grace context.Context) (cut int64) {
	_ = s.Shutdown(grace) // its error is that grace ended
	cut = s.requests.wait(grace)
	s.cut()
	_ = s.Close()
	ctx, cancel := context.WithTimeout(context.Background(), cutting)
	defer cancel()
	s.requests.wait(ctx)
	return cut
}
