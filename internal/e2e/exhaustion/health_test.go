package exhaustion_test

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/tokengraft/tokengraft/internal/e2e"
)

// mostHealth is how long a health check may take. It is long, because the attacker, the
// users and the backend use the same processors.
func mostHealth() time.Duration { return time.Duration(size(10, 15)) * time.Second }

// health is how long health checks take.
type health struct {
	mu   sync.Mutex
	most time.Duration
}

// watch asks for the health of the program four times a second until ctx ends. A check
// that fails counts as one that took too long.
func (h *health) watch(ctx context.Context, admin e2e.Address) {
	client := &http.Client{Timeout: mostHealth(), Transport: &http.Transport{DisableKeepAlives: true}}
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for ctx.Err() == nil {
		start := time.Now()
		response, err := client.Get(admin.URL("/livez"))
		took := time.Since(start)
		if err != nil {
			took = 2 * mostHealth()
		} else {
			response.Body.Close()
		}
		h.mu.Lock()
		h.most = max(h.most, took)
		h.mu.Unlock()
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}

func (h *health) reset() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.most = 0
}

func (h *health) slowest() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.most
}
