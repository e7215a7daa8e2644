package telemetry

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
)

// A variable that OpenTelemetry does not understand is logged and ignored, as its
// specification requires.
func TestStart_WarnsAboutAWrongVariable(t *testing.T) {
	for _, variable := range []string{"OTEL_TRACES_EXPORTER", "OTEL_METRICS_EXPORTER", "OTEL_RESOURCE_ATTRIBUTES"} {
		t.Run(variable, func(t *testing.T) {
			withoutExports(t)
			t.Setenv(variable, "nonsense")
			var log bytes.Buffer
			started, err := Start(t.Context(), slog.New(slog.NewTextHandler(&log, nil)), Build{Version: "v1"})
			if err != nil {
				t.Fatal(err)
			}
			if started.Tracer != nil {
				t.Error("Start returned a tracer, want none: its spans would not be exported")
			}
			if err := started.Shutdown(t.Context()); err != nil {
				t.Error(err)
			}
			if !strings.Contains(log.String(), "level=WARN") || !strings.Contains(log.String(), variable) {
				t.Errorf("the log is %s, want a warning that names %s", &log, variable)
			}
		})
	}
}

// Spans cost time, even if they are not exported.
func TestStart_WithoutVariablesHasNoTracer(t *testing.T) {
	withoutExports(t)
	started, err := Start(t.Context(), slog.New(slog.DiscardHandler), Build{Version: "v1"})
	if err != nil {
		t.Fatal(err)
	}
	if started.Tracer != nil {
		t.Errorf("without OTEL_ variables the tracer is %v, want none", started.Tracer)
	}
}

// The default is what the specification recommends, so that OTLP works with only
// an endpoint set.
func TestProtocol_IsHTTPUnlessAVariableSaysOtherwise(t *testing.T) {
	for _, test := range []struct{ all, traces, want, fault string }{
		{"", "", "http/protobuf", ""},
		{"http/protobuf", "", "http/protobuf", ""},
		{"http/json", "http/protobuf", "http/protobuf", ""},
		{"http/json", "", "", `OTEL_EXPORTER_OTLP_PROTOCOL is "http/json"; set it to http/protobuf`},
		{"http/protobuf", "soap", "", `OTEL_EXPORTER_OTLP_TRACES_PROTOCOL is "soap"; set it to http/protobuf`},
	} {
		withoutExports(t)
		t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", test.all)
		t.Setenv("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", test.traces)
		got, err := protocolOf("TRACES")
		if got != test.want || (err != nil) != (test.fault != "") || err != nil && err.Error() != test.fault {
			t.Errorf("with %q for all signals and %q for traces: protocol %q, error %v; want %q, %s", test.all, test.traces, got, err, test.want, test.fault)
		}
	}
}

func TestStart_ServesScrapesToTheExporterPrometheus(t *testing.T) {
	withoutExports(t)
	free, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(free.Addr().String())
	free.Close()
	t.Setenv("OTEL_METRICS_EXPORTER", "prometheus")
	t.Setenv("OTEL_EXPORTER_PROMETHEUS_PORT", port)
	started, err := Start(t.Context(), slog.New(slog.NewTextHandler(t.Output(), nil)), Build{Version: "v1"})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.Get("http://localhost:" + port + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if body, _ := io.ReadAll(answer.Body); !strings.Contains(string(body), "tokengraft_build_info{") {
		t.Errorf("GET /metrics on port %s: %s %.200s; want the metrics", port, answer.Status, body)
	}
	if err := started.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := http.Get("http://localhost:" + port + "/metrics"); err == nil {
		t.Error("the port is still open after Shutdown")
	}
}

func TestExports_CanBeDisabledInUpperCase(t *testing.T) {
	withoutExports(t)
	t.Setenv("OTEL_TRACES_EXPORTER", "console")
	for word, want := range map[string]bool{"true": false, "TRUE": false, "false": true, "yes": true} {
		t.Setenv("OTEL_SDK_DISABLED", word)
		if got := exports("TRACES"); got != want {
			t.Errorf("with OTEL_SDK_DISABLED=%s: exports(TRACES) = %v, want %v", word, got, want)
		}
	}
}

// withoutExports clears the OTEL_ variables of the environment of the test.
func withoutExports(t *testing.T) {
	t.Helper()
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "OTEL_") {
			t.Setenv(name, "")
		}
	}
}
