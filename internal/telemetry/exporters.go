package telemetry

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"

	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/exporters/stdout/stdoutmetric"
	"go.opentelemetry.io/otel/exporters/stdout/stdouttrace"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// grpcTag is the build tag with which OTLP can also be sent over gRPC.
const grpcTag = "otlpgrpc"

// exports reports whether the environment asks to export a signal, METRICS or
// TRACES. Without this check, the exporters would use a default collector.
func exports(signal string) bool {
	if strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true") || os.Getenv("OTEL_"+signal+"_EXPORTER") == "none" {
		return false
	}
	for _, name := range []string{"OTEL_" + signal + "_EXPORTER", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_" + signal + "_ENDPOINT"} {
		if os.Getenv(name) != "" {
			return true
		}
	}
	return false
}

// newSpanExporter returns the exporter of traces, or nil if there is none.
func newSpanExporter(ctx context.Context, logger *slog.Logger) sdktrace.SpanExporter {
	if !exports("TRACES") {
		return nil
	}
	exporter, err := spanExporter(ctx)
	if err != nil {
		logger.Warn("traces are not exported", "error", err)
		return nil
	}
	return exporter
}

func spanExporter(ctx context.Context) (sdktrace.SpanExporter, error) {
	exporter, err := exporterName("TRACES", "otlp", "console")
	if err != nil {
		return nil, err
	}
	if exporter == "console" {
		return stdouttrace.New()
	}
	protocol, err := protocolOf("TRACES")
	if err != nil {
		return nil, err
	}
	if protocol == "grpc" {
		return newGRPCSpanExporter(ctx)
	}
	return otlptracehttp.New(ctx)
}

// newMetricReader returns what exports the metrics, besides the handler, or nil if
// there is none. The handler answers scrapes of the exporter prometheus.
func newMetricReader(ctx context.Context, logger *slog.Logger, handler http.Handler) sdkmetric.Reader {
	if !exports("METRICS") {
		return nil
	}
	reader, err := metricReader(ctx, handler)
	if err != nil {
		logger.Warn("metrics are not exported", "error", err)
		return nil
	}
	return reader
}

func metricReader(ctx context.Context, handler http.Handler) (sdkmetric.Reader, error) {
	exporter, err := exporterName("METRICS", "otlp", "console", "prometheus")
	if err != nil {
		return nil, err
	}
	switch exporter {
	case "prometheus":
		return serveScrapes(ctx, handler)
	case "console":
		return periodic(stdoutmetric.New())
	}
	protocol, err := protocolOf("METRICS")
	if err != nil {
		return nil, err
	}
	if protocol == "grpc" {
		return periodic(newGRPCMetricExporter(ctx))
	}
	return periodic(otlpmetrichttp.New(ctx))
}

// periodic returns a reader that exports every OTEL_METRIC_EXPORT_INTERVAL.
func periodic(exporter sdkmetric.Exporter, err error) (sdkmetric.Reader, error) {
	if err != nil {
		return nil, err
	}
	return sdkmetric.NewPeriodicReader(exporter), nil
}

// exporterName returns the exporter of a signal. The first one that is known is the
// default.
func exporterName(signal string, known ...string) (string, error) {
	variable := "OTEL_" + signal + "_EXPORTER"
	name := cmp.Or(os.Getenv(variable), known[0])
	for _, k := range known {
		if name == k {
			return name, nil
		}
	}
	return "", &VariableError{variable, name, strings.Join(known, ", ") + " or none"}
}

// protocolOf returns the protocol of OTLP for a signal: http/protobuf, which is the
// default, or grpc.
func protocolOf(signal string) (string, error) {
	for _, variable := range []string{"OTEL_EXPORTER_OTLP_" + signal + "_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"} {
		switch protocol := os.Getenv(variable); protocol {
		case "":
			continue
		case "grpc":
			if !hasGRPC {
				return "", &VariableError{variable, protocol, fmt.Sprintf(
					"http/protobuf, which collectors receive on port 4318, or use a program that is built with -tags %s", grpcTag)}
			}
			return protocol, nil
		case "http/protobuf":
			return protocol, nil
		default:
			return "", &VariableError{variable, protocol, "http/protobuf"}
		}
	}
	return "http/protobuf", nil
}
