package cache

import (
	"errors"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
)

const defaultMaxBytes = 64 << 20

// Options configure a [Cache]. The zero value works.
type Options struct {
	// MaxBytes bounds the memory of the entries, in bytes. Zero means 64 MiB. The
	// bookkeeping takes about 4 % of it and 3 MiB more.
	MaxBytes int64
	// MissingFor is how long the cache remembers that a user has no document.
	// Zero means not at all.
	MissingFor time.Duration
	// StaleFor is how long past its life a document may still be served when the
	// source fails. Zero means never: the lookup fails.
	StaleFor time.Duration
	// Meter makes the cache's instruments. Nil records nothing.
	Meter metric.Meter
	// Logger gets what an operator should know. Nil discards it.
	Logger *slog.Logger
}

// withDefaults returns the options with the defaults of the fields that are zero,
// or an error that names the field that cannot work.
func (o Options) withDefaults() (Options, error) {
	switch {
	case o.MaxBytes < 0:
		return o, errors.New("cache: Options.MaxBytes is negative")
	case o.MissingFor < 0:
		return o, errors.New("cache: Options.MissingFor is negative")
	case o.StaleFor < 0:
		return o, errors.New("cache: Options.StaleFor is negative")
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
