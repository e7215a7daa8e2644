package mongodoc

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
)

// warnInterval is the shortest time between two warnings. The metric counts every
// duplicate.
const warnInterval = time.Minute

// duplicates logs users with more than one document, at a limited rate.
type duplicates struct {
	log    *slog.Logger
	mu     sync.Mutex
	warned time.Time
}

func (d *duplicates) warn(ctx context.Context, user enrich.User) {
	if d.allow(time.Now()) {
		d.log.LogAttrs(ctx, slog.LevelWarn, "a user has more than one document. The first one is used. Delete the others, and create a unique index on the user-id field",
			slog.Any("user", user))
	}
}

// allow reports whether a warning may be logged now. If so, the caller must log it.
func (d *duplicates) allow(now time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.warned.IsZero() && now.Sub(d.warned) < warnInterval {
		return false
	}
	d.warned = now
	return true
}
