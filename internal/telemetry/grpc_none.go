//go:build !otlpgrpc

package telemetry

import (
	"context"
	"errors"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// hasGRPC is whether OTLP can be sent over gRPC. By default it cannot, because gRPC is one
// megabyte of program, and all collectors receive OTLP over HTTP.
const hasGRPC = false

func newGRPCSpanExporter(context.Context) (sdktrace.SpanExporter, error) {
	return nil, errors.ErrUnsupported
}

func newGRPCMetricExporter(context.Context) (sdkmetric.Exporter, error) {
	return nil, errors.ErrUnsupported
}
