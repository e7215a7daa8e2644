// Package telemetry writes logs and exports metrics and traces. It is the only package
// that imports the OpenTelemetry SDK, its exporters, and Prometheus.
package telemetry

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
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

// Telemetry records measurements and traces.
type Telemetry struct {
	Meter    metric.Meter
	Tracer   trace.Tracer                // nil if no traces are exported
	Metrics  http.Handler                // answers GET /metrics
	Shutdown func(context.Context) error // exports what remains, and ends all exports

	own    prometheus.Gatherer // the metrics of this program
	logger *slog.Logger
}

// A Build is what a program was built from.
type Build struct{ Version, Commit string }

// Start serves metrics to Prometheus, and exports metrics and traces as configured by
// the standard OTEL_ variables, for this build of the service. It exports nothing if
// none of them names an exporter or an endpoint. It only warns about a wrong variable,
// because users can log in without telemetry.
func Start(ctx context.Context, logger *slog.Logger, b Build) (*Telemetry, error) {
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { logger.Warn("telemetry error; requests are not affected", "error", err) }))
	service, err := describeService(ctx, b.Version)
	if err != nil {
		logger.Warn("metrics and traces have no complete description of the service; check OTEL_RESOURCE_ATTRIBUTES", "error", err)
	}
	own, runtimes := prometheus.NewRegistry(), prometheus.NewRegistry()
	runtimes.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	scraped, err := otelprometheus.New(
		otelprometheus.WithRegisterer(own),
		otelprometheus.WithoutScopeInfo(),
		otelprometheus.WithoutTargetInfo(),
	)
	if err != nil {
		return nil, err
	}
	scrapes := promhttp.HandlerFor(prometheus.Gatherers{own, runtimes}, promhttp.HandlerOpts{})
	readers := []sdkmetric.Option{sdkmetric.WithReader(scraped), sdkmetric.WithResource(service)}
	if pushed := newMetricReader(ctx, logger, scrapes); pushed != nil {
		readers = append(readers, sdkmetric.WithReader(pushed))
	}
	meters := sdkmetric.NewMeterProvider(readers...)
	t := &Telemetry{
		Meter:    meters.Meter(tracing.Scope),
		Metrics:  scrapes,
		Shutdown: meters.Shutdown,
		own:      own,
		logger:   logger,
	}
	if err := b.record(ctx, t.Meter); err != nil {
		return nil, err
	}
	if exporter := newSpanExporter(ctx, logger); exporter != nil {
		tracers := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(service))
		t.Tracer = tracers.Tracer(tracing.Scope)
		t.Shutdown = func(ctx context.Context) error { return errors.Join(tracers.Shutdown(ctx), meters.Shutdown(ctx)) }
	}
	return t, nil
}

// record makes a metric that says which build runs, so that a dashboard shows when
// replicas run different ones.
func (b Build) record(ctx context.Context, meter metric.Meter) error {
	info, err := meter.Int64Gauge("tokengraft.build.info", metric.WithDescription("Always 1. The labels say which build runs."))
	if err != nil {
		return err
	}
	info.Record(ctx, 1, metric.WithAttributes(
		attribute.String("version", b.Version), attribute.String("commit", b.Commit), attribute.String("goversion", runtime.Version())))
	return nil
}

// describeService returns the name and version of the service. OTEL_SERVICE_NAME and
// OTEL_RESOURCE_ATTRIBUTES override them. With an error the result is incomplete.
func describeService(ctx context.Context, version string) (*resource.Resource, error) {
	return resource.New(ctx,
		resource.WithAttributes(attribute.String("service.name", "tokengraft"), attribute.String("service.version", version)),
		resource.WithTelemetrySDK(),
		resource.WithFromEnv(),
	)
}
