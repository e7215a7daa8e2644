package proxy

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"
)

// Options hold for the whole life of a [Proxy]. Only Backend is required.
type Options struct {
	// Backend is the scheme and host of the backend. Paths go on as they came.
	Backend *url.URL
	// TLS is the configuration for an https backend. Nil means the system's roots.
	TLS *tls.Config
	// PublicURL is the scheme and host that clients type. Nil means what the
	// request says.
	PublicURL *url.URL
	// TrustedProxies are the peers whose Forwarded, X-Forwarded-* and X-Real-IP
	// headers are believed. Empty means none.
	TrustedProxies []netip.Prefix
	Timeouts       Timeouts
	Limits         Limits
	// Logger gets the access log and warnings. Nil discards them.
	Logger *slog.Logger
	// Meter records the metrics. Nil records none.
	Meter metric.Meter
	// Tracer traces requests and the steps of enriching, and propagates the W3C
	// trace context to the backend. Nil traces nothing and passes the client's
	// trace context on as it came.
	Tracer trace.Tracer
}

// Timeouts bound what the proxy waits for. Zero means the default.
type Timeouts struct {
	// Dial is for a connection to the backend, and again for its TLS handshake.
	// Defaults to 3 s.
	Dial time.Duration
	// Response is for a request that a rule matches and its whole response, counted
	// from when the request's header has arrived. Other requests wait as long as the
	// client does. Defaults to 60 s.
	Response time.Duration
	// Write is how long a client may take nothing of what is written to it.
	// Defaults to 60 s.
	Write time.Duration
	// Idle is how long an unused connection to the backend is kept. It must be
	// shorter than what the backend keeps, because requests are never retried.
	// Defaults to 1 s.
	Idle time.Duration
}

// Limits are in bytes. Zero means the default.
type Limits struct {
	// Body is the largest body that is looked into, decompressed. A larger one
	// streams through. Defaults to 1 MiB.
	Body int64
	// Headers is the largest header. A larger one of a request is answered with
	// 431, of a response with 502. Defaults to 64 KiB.
	Headers int64
}

// withDefaults returns the options with every zero replaced by its default. The
// error names each field that is missing or negative.
func (o Options) withDefaults() (Options, error) {
	if err := o.validate(); err != nil {
		return Options{}, err
	}
	o.Timeouts = Timeouts{
		Dial:     cmp.Or(o.Timeouts.Dial, 3*time.Second),
		Response: cmp.Or(o.Timeouts.Response, time.Minute),
		Write:    cmp.Or(o.Timeouts.Write, time.Minute),
		Idle:     cmp.Or(o.Timeouts.Idle, time.Second),
	}
	o.Limits = Limits{
		Body:    cmp.Or(o.Limits.Body, 1<<20),
		Headers: cmp.Or(o.Limits.Headers, 64<<10),
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Meter == nil {
		o.Meter = noop.Meter{}
	}
	return o, nil
}

func (o Options) validate() error {
	var faults []error
	switch {
	case o.Backend == nil:
		faults = append(faults, errors.New("proxy: Options.Backend is missing"))
	case o.Backend.Scheme != "http" && o.Backend.Scheme != "https" || o.Backend.Host == "":
		faults = append(faults, errors.New("proxy: Options.Backend must be an http or https URL with a host"))
	}
	for _, field := range []struct {
		name  string
		value int64
	}{
		{"Timeouts.Dial", int64(o.Timeouts.Dial)},
		{"Timeouts.Response", int64(o.Timeouts.Response)},
		{"Timeouts.Write", int64(o.Timeouts.Write)},
		{"Timeouts.Idle", int64(o.Timeouts.Idle)},
		{"Limits.Body", o.Limits.Body},
		{"Limits.Headers", o.Limits.Headers},
	} {
		if field.value < 0 {
			faults = append(faults, fmt.Errorf("proxy: Options.%s is negative", field.name))
		}
	}
	return errors.Join(faults...)
}
