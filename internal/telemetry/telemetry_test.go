package telemetry

import (
	"bytes"
	"log/slog"
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
