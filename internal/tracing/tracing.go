// Package tracing starts the spans of every package in the same way.
package tracing

import (
	"context"

	"go.opentelemetry.io/otel/trace"
)

// Scope is the instrumentation scope of all our spans and metrics.
const Scope = "github.com/tokengraft/tokengraft"

// Start starts a span below the one in ctx, with that span's tracer. Where
// nothing is recorded it costs nothing, and ending the span does nothing. No
// span carries a token, a document or a user id.
func Start(ctx context.Context, name string, options ...trace.SpanStartOption) (context.Context, trace.Span) {
	parent := trace.SpanFromContext(ctx)
	if !parent.IsRecording() {
		return ctx, parent
	}
	return parent.TracerProvider().Tracer(Scope).Start(ctx, name, options...)
}
