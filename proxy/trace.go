package proxy

import (
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// propagator reads and writes the W3C trace context.
var propagator = propagation.TraceContext{}

// startSpan starts the span of a request. If the request has a trace context, the span
// is part of that trace. The span is nil without a tracer.
func (p *Proxy) startSpan(r *http.Request) (*http.Request, trace.Span) {
	if p.options.Tracer == nil {
		return r, nil
	}
	ctx := propagator.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
	ctx, span := p.options.Tracer.Start(ctx, knownMethod(r.Method), trace.WithSpanKind(trace.SpanKindServer),
		trace.WithAttributes(attribute.String("http.request.method", knownMethod(r.Method)), attribute.String("url.path", redactPath(r.URL.Path))))
	return r.WithContext(ctx), span
}

// endSpan adds the result to the span of a request and ends it. Like the access log it
// records no query, header or body.
func (x *exchange) endSpan(span trace.Span) {
	if span == nil {
		return
	}
	if pattern := x.pattern(); pattern != "" {
		span.SetName(pattern)
		span.SetAttributes(attribute.String("http.route", pattern))
	}
	span.SetAttributes(attribute.Int("http.response.status_code", x.w.status))
	if x.w.status >= http.StatusInternalServerError {
		span.SetStatus(codes.Error, "")
	}
	span.End()
}

// tracedTransport starts a span for each request to the backend. The backend's own
// spans are its children. The standard instrumentation of OpenTelemetry is not used,
// because it records the query string.
type tracedTransport struct {
	http.RoundTripper
	tracer trace.Tracer
}

// RoundTrip implements [http.RoundTripper].
func (t tracedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, span := t.tracer.Start(r.Context(), "backend", trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(attribute.String("http.request.method", knownMethod(r.Method)), attribute.String("server.address", r.URL.Host)))
	defer span.End()
	out := r.Clone(ctx)
	propagator.Inject(ctx, propagation.HeaderCarrier(out.Header))
	response, err := t.RoundTripper.RoundTrip(out)
	if err != nil {
		span.SetStatus(codes.Error, "")
		return nil, err
	}
	span.SetAttributes(attribute.Int("http.response.status_code", response.StatusCode))
	response.Request = r // whose context does not have the span
	return response, nil
}
