// Package telemetry is where logs, metrics and traces go. It alone knows the
// OpenTelemetry SDK with its exporters, and Prometheus.
package telemetry

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/contrib/exporters/autoexport"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/tokengraft/tokengraft/internal/tracing"
)

// Telemetry is where measurements and traces go.
type Telemetry struct {
	Meter    metric.Meter
	Tracer   trace.Tracer                // nil where no traces are exported
	Metrics  http.Handler                // answers GET /metrics
	Shutdown func(context.Context) error // exports what is left, and ends all exports
}

// Start serves metrics to Prometheus, and exports metrics and traces as the
// standard OTEL_ variables say, for this version of the service. It exports
// nothing where none of them names an exporter or an endpoint. It only warns of a
// wrong one: users log in without telemetry, too.
func Start(ctx context.Context, logger *slog.Logger, version string) (*Telemetry, error) {
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { logger.Warn("telemetry", "error", err) }))
	service, err := describeService(ctx, version)
	if err != nil {
		logger.Warn("the service is not fully described, see OTEL_RESOURCE_ATTRIBUTES", "error", err)
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	scraped, err := otelprometheus.New(
		otelprometheus.WithRegisterer(registry),
		otelprometheus.WithoutScopeInfo(),
		otelprometheus.WithoutTargetInfo(),
	)
	if err != nil {
		return nil, err
	}
	readers := []sdkmetric.Option{sdkmetric.WithReader(scraped), sdkmetric.WithResource(service)}
	if pushed := newPusher(ctx, logger); pushed != nil {
		readers = append(readers, sdkmetric.WithReader(pushed))
	}
	meters := sdkmetric.NewMeterProvider(readers...)
	t := &Telemetry{
		Meter:    meters.Meter(tracing.Scope),
		Metrics:  promhttp.HandlerFor(registry, promhttp.HandlerOpts{}),
		Shutdown: meters.Shutdown,
	}
	if exporter := newExporter(ctx, logger); exporter != nil {
		tracers := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(service))
		t.Tracer = tracers.Tracer(tracing.Scope)
		t.Shutdown = func(ctx context.Context) error { return errors.Join(tracers.Shutdown(ctx), meters.Shutdown(ctx)) }
	}
	return t, nil
}

// newPusher exports metrics; nil where nothing asks for that, or it cannot.
func newPusher(ctx context.Context, logger *slog.Logger) sdkmetric.Reader {
	if !exports("METRICS") {
		return nil
	}
	pusher, err := autoexport.NewMetricReader(ctx)
	if err != nil {
		logger.Warn("metrics are not exported, see OTEL_METRICS_EXPORTER", "error", err)
		return nil
	}
	return pusher
}

// newExporter exports traces; nil where nothing asks for that, or it cannot.
func newExporter(ctx context.Context, logger *slog.Logger) sdktrace.SpanExporter {
	if !exports("TRACES") {
		return nil
	}
	exporter, err := autoexport.NewSpanExporter(ctx)
	if err != nil {
		logger.Warn("traces are not exported, see OTEL_TRACES_EXPORTER", "error", err)
		return nil
	}
	return exporter
}

// exports reports whether the environment asks to export a signal, METRICS or
// TRACES. Otherwise the exporters would default to a collector that nobody named.
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

// describeService names the service that measures. OTEL_SERVICE_NAME and
// OTEL_RESOURCE_ATTRIBUTES override it. With an error it returns what it knows.
func describeService(ctx context.Context, version string) (*resource.Resource, error) {
	return resource.New(ctx,
		resource.WithAttributes(attribute.String("service.name", "tokengraft"), attribute.String("service.version", version)),
		resource.WithTelemetrySDK(),
		resource.WithFromEnv(),
	)
}
