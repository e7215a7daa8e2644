package proxy

import (
	"net/http"

	"github.com/tokengraft/tokengraft/enrich"
)

// A recognizer is an [Enricher] that also recognizes enriched tokens that have no record
// to restore them, as that of package enrich does.
type recognizer interface {
	IsEnriched(token string) bool
}

var _ recognizer = (*enrich.Enricher)(nil)

// noteUnauthorized counts a response 401 to an enriched token that reached the backend. A
// backend that looks its tokens up does not know such a token, so every user is logged
// out. The first one is logged, with the setting that helps.
func (x *exchange) noteUnauthorized(res *http.Response) {
	if res.StatusCode != http.StatusUnauthorized {
		return
	}
	enricher, ok := x.snapshot.Enricher.(recognizer)
	if !ok || !enricher.IsEnriched(bearerOf(res.Request.Header)) {
		return
	}
	x.proxy.metrics.unrestored.Add(res.Request.Context(), 1)
	if x.snapshot.Restore {
		return // it was issued while restore was off
	}
	x.proxy.warnedUnrestored.Do(func() {
		x.proxy.options.Logger.Warn("the backend answered 401 to an enriched token that has not expired. It probably looks up its tokens, or does not trust the key. Set restore: on, so that it gets back its own tokens", "path", redactPath(x.path))
	})
}
