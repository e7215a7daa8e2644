package cache

import (
	"fmt"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
)

const defaultMaxBytes = 64 << 20

// Options configure a [Cache]. The zero value works.
type Options struct {
	// MaxBytes limits the memory of the entries, in bytes. Zero means 64 MiB. The
	// bookkeeping takes another 3 MiB plus about 4 % of MaxBytes.
	MaxBytes int64
	// MissingFor is how long the cache remembers that a user has no document. Zero
	// means that it does not remember it.
	MissingFor time.Duration
	// MissingIfFollowed makes the cache remember it only while the source tells the
	// cache about changes ([enrich.Follower]), so that it forgets a user whose document
	// is inserted. When the source stops, all that it remembered is forgotten.
	MissingIfFollowed bool
	// StaleFor is how long after its expiry a document may still be used while the
	// source fails. Zero means never: the lookup fails.
	StaleFor time.Duration
	// Meter records the cache's metrics. Nil records nothing.
	Meter metric.Meter
	// Logger gets messages for the operator. Nil discards them.
	Logger *slog.Logger
}

// withDefaults replaces zero options by their defaults. The error names the field that
// is wrong.
func (o Options) withDefaults() (Options, error) {
	switch {
	case o.MaxBytes < 0:
		return o, fmt.Errorf("cache: Options.MaxBytes is %d bytes, want 0 (the default) or more", o.MaxBytes)
	case o.MissingFor < 0:
		return o, fmt.Errorf("cache: Options.MissingFor is %v, want 0 or more", o.MissingFor)
	case o.StaleFor < 0:
		return o, fmt.Errorf("cache: Options.StaleFor is %v, want 0 or more", o.StaleFor)
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = defaultMaxBytes
	}
	if o.Meter == nil {
		o.Meter = noop.Meter{}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o, nil
}
