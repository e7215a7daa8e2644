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
	// Backend is the scheme and host of the backend. The path of a request does not
	// change. Required.
	Backend *url.URL
	// TLS configures connections to an https backend. New copies it. Nil means the
	// system's root certificates and no client certificate.
	TLS *tls.Config
	// PublicURL is the scheme and host that clients use. Nil means those of each
	// request.
	PublicURL *url.URL
	// TrustedProxies are the addresses of peers whose Forwarded, X-Forwarded-* and
	// X-Real-IP headers the proxy keeps. It removes these headers of other peers. Empty
	// means that no peer is trusted.
	TrustedProxies []netip.Prefix
	// Timeouts limit how long the proxy waits. Zero fields have defaults.
	Timeouts Timeouts
	// Limits are the largest sizes of messages. Zero fields have defaults.
	Limits Limits
	// Memory bounds the bytes that all requests in flight hold, except those of Responses.
	// A request that finds none left gets 503 before it is forwarded. All proxies of a
	// process should have the same Memory, and the same Responses and Turns. Nil means no
	// bound.
	Memory Memory
	// ClientMemory returns the part of Memory for one request of a client, so that Memory
	// can be divided among clients. The address is the one of the connection, or the last
	// in X-Forwarded-For that is not one of TrustedProxies; it is the zero Addr if that is
	// not known. Nil means Memory for each request.
	ClientMemory func(netip.Addr) Memory
	// Responses bounds the bytes that large responses hold while tokens in them are
	// enriched. Each waits for four times Limits.Body, or more if it is compressed. Nil
	// means no bound.
	Responses Queue
	// Turns bounds how many requests wait for the backend at the same time, in units of
	// one request. Others wait for up to a second, and then get 503. Nil means no bound.
	Turns Queue
	// Diagnose says whether to look for tokens that no rule covers, and to log them.
	Diagnose Diagnose
	// Observer learns what becomes of the responses of rules. Optional.
	Observer Observer
	// Logger gets the access log and the warnings. Nil discards them.
	Logger *slog.Logger
	// Meter makes the instruments of the metrics. Nil records no metrics.
	Meter metric.Meter
	// Tracer traces requests and the steps of enriching, and propagates the W3C
	// trace context to the backend. Nil traces nothing and forwards the client's
	// trace context unchanged.
	Tracer trace.Tracer
}

// Timeouts limit how long a [Proxy] waits. Zero means the default. Negative is an
// error.
type Timeouts struct {
	// Dial limits connecting to the backend, and separately the TLS handshake.
	// Defaults to 3 s.
	Dial time.Duration
	// Response limits a request that a rule with Tokens matches, from the end of its
	// header to the end of its response, or of the response's header if its body can have
	// no tokens. For a rule for all paths with Tokens in headers only, it begins when there
	// is a token. Other requests have no such limit, except that a form in which
	// the proxy restores tokens must arrive within this time. A body that the proxy reads
	// must also arrive at a rate of 64 KiB in 10 s. Defaults to 60 s.
	Response time.Duration
	// Write is how long the proxy waits while a client does not read its response. Then
	// it closes the connection, over HTTP/1 up to a quarter later. Defaults to 60 s.
	Write time.Duration
	// Idle is how long the proxy keeps an unused connection to the backend. It must be
	// shorter than the backend's own idle timeout: the proxy never retries a request, so
	// a request on a connection that the backend has just closed fails with 502. Defaults
	// to 1 s.
	Idle time.Duration
}

// Limits are the largest sizes of messages of a [Proxy], in bytes. Zero means the
// default. Negative is an error.
type Limits struct {
	// Body is the largest body that the proxy searches for tokens, decompressed. A
	// larger one streams through unchanged, except for a response of a Gate, which is
	// refused. Defaults to 1 MiB.
	Body int64
	// Headers is the largest header. A request with a larger one, or with more than
	// [MaxHeaderLines] lines, gets 431, and a response with a larger one becomes 502.
	// Defaults to 64 KiB.
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
	o.setUnbounded()
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Meter == nil {
		o.Meter = noop.Meter{}
	}
	return o, nil
}

// setUnbounded replaces each missing bound.
func (o *Options) setUnbounded() {
	if o.Memory == nil {
		o.Memory = unbounded{}
	}
	if o.ClientMemory == nil {
		memory := o.Memory
		o.ClientMemory = func(netip.Addr) Memory { return memory }
	}
	if o.Responses == nil {
		o.Responses = unbounded{}
	}
	if o.Turns == nil {
		o.Turns = unbounded{}
	}
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
