package enrich

import (
	"context"

	"go.opentelemetry.io/otel/trace"
)

// Scope names what measures and traces here.
const Scope = "github.com/tokengraft/tokengraft"

// StartSpan begins a span below the one in ctx, with its tracer. Where nothing
// is recorded it costs nothing, and ending what it returns does nothing. No span
// carries a token, a document or a user id.
func StartSpan(ctx context.Context, name string, options ...trace.SpanStartOption) (context.Context, trace.Span) {
	parent := trace.SpanFromContext(ctx)
	if !parent.IsRecording() {
		return ctx, parent
	}
	return parent.TracerProvider().Tracer(Scope).Start(ctx, name, options...)
}
