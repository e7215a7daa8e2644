package cli

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

// telemetry is where measurements and traces go. This file is the only one that
// knows the OpenTelemetry SDK and its exporters.
type telemetry struct {
	meter    metric.Meter
	tracer   trace.Tracer // nil where no traces are exported
	handler  http.Handler // GET /metrics
	shutdown func(context.Context) error
}

// newTelemetry serves metrics to Prometheus, and exports metrics and traces as
// the standard OTEL_ variables say. Nothing is exported where none of them
// names an exporter or an endpoint, and a wrong one is only warned of: users log in
// without telemetry, too.
func newTelemetry(ctx context.Context, logger *slog.Logger) (*telemetry, error) {
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { logger.Warn("telemetry", "error", err) }))
	who, err := describeService(ctx)
	if err != nil {
		logger.Warn("not all is known of the service that measures, see OTEL_RESOURCE_ATTRIBUTES", "error", err)
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
	readers := []sdkmetric.Option{sdkmetric.WithReader(scraped), sdkmetric.WithResource(who)}
	if pushed := newPusher(ctx, logger); pushed != nil {
		readers = append(readers, sdkmetric.WithReader(pushed))
	}
	meters := sdkmetric.NewMeterProvider(readers...)
	t := &telemetry{
		meter:    meters.Meter(tracing.Scope),
		handler:  promhttp.HandlerFor(registry, promhttp.HandlerOpts{}),
		shutdown: meters.Shutdown,
	}
	if exporter := newExporter(ctx, logger); exporter != nil {
		tracers := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(who))
		t.tracer = tracers.Tracer(tracing.Scope)
		t.shutdown = func(ctx context.Context) error { return errors.Join(tracers.Shutdown(ctx), meters.Shutdown(ctx)) }
	}
	return t, nil
}

// newPusher exports metrics; nil where they are not to be exported, or cannot be.
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

// newExporter exports traces; nil where they are not to be exported, or cannot be.
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

// exports reports whether a signal, METRICS or TRACES, is to be exported.
// Without this the exporters default to a collector that nobody named.
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

// describeService says who measures; OTEL_SERVICE_NAME and
// OTEL_RESOURCE_ATTRIBUTES say it better. What it knows stands beside an error.
func describeService(ctx context.Context) (*resource.Resource, error) {
	v, _ := build()
	return resource.New(ctx,
		resource.WithAttributes(attribute.String("service.name", "tokengraft"), attribute.String("service.version", v)),
		resource.WithTelemetrySDK(),
		resource.WithFromEnv(),
	)
}
