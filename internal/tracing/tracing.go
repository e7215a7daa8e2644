// Package tracing starts the spans of all packages.
package tracing

import (
	"context"

	"go.opentelemetry.io/otel/trace"
)

// Scope is the instrumentation scope of all our spans and metrics.
const Scope = "github.com/tokengraft/tokengraft"

// Start starts a child of the span in ctx, with the same tracer provider. If that
// span is not recorded, Start costs nothing and returns the same span, whose End
// does nothing. Never put a token, a document or a user id into a span.
func Start(ctx context.Context, name string, options ...trace.SpanStartOption) (context.Context, trace.Span) {
	parent := trace.SpanFromContext(ctx)
	if !parent.IsRecording() {
		return ctx, parent
	}
	return parent.TracerProvider().Tracer(Scope).Start(ctx, name, options...)
}

// IsTraced reports whether the span in ctx is recorded, so that [Start] would start one.
func IsTraced(ctx context.Context) bool { return trace.SpanFromContext(ctx).IsRecording() }
