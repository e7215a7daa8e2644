package mongodoc

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
)

// warnEvery is how often at most duplicates are warned of. The metric counts
// them all.
const warnEvery = time.Minute

// duplicates warns of users with more than one document.
type duplicates struct {
	log    *slog.Logger
	mu     sync.Mutex
	warned time.Time
}

func (d *duplicates) warn(ctx context.Context, user enrich.User) {
	if d.allow(time.Now()) {
		d.log.LogAttrs(ctx, slog.LevelWarn, "a user has more than one document, the first one is used",
			slog.Any("user", user))
	}
}

// allow reports whether a warning may be given now, and takes it as given.
func (d *duplicates) allow(now time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.warned.IsZero() && now.Sub(d.warned) < warnEvery {
		return false
	}
	d.warned = now
	return true
}
