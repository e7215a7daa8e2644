package proxy

import (
	"context"
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// propagator reads and writes the W3C trace context.
var propagator = propagation.TraceContext{}

// startSpan starts the span of a request, as a part of the client's trace if the
// request names one.
func (p *Proxy) startSpan(r *http.Request) (*http.Request, trace.Span) {
	if p.options.Tracer == nil {
		return r, trace.SpanFromContext(context.Background())
	}
	ctx := propagator.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
	ctx, span := p.options.Tracer.Start(ctx, knownMethod(r.Method), trace.WithSpanKind(trace.SpanKindServer),
		trace.WithAttributes(attribute.String("http.request.method", knownMethod(r.Method)), attribute.String("url.path", redactPath(r.URL.Path))))
	return r.WithContext(ctx), span
}

// endSpan ends the span of a request with what became of it. Its attributes are
// as few as the keys of the access log.
func (x *exchange) endSpan(span trace.Span) {
	if x.rule != nil {
		span.SetName(x.rule.Pattern)
		span.SetAttributes(attribute.String("http.route", x.rule.Pattern))
	}
	span.SetAttributes(attribute.Int("http.response.status_code", x.w.status))
	if x.w.status >= http.StatusInternalServerError {
		span.SetStatus(codes.Error, "")
	}
	span.End()
}

// tracedTransport starts a span for each request to the backend, which the
// backend's own spans become part of. The instrumentation that comes with
// OpenTelemetry would put the query string into it.
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
	response.Request = r // what comes next is no part of this span
	return response, nil
}
