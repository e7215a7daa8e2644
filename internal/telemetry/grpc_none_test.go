//go:build !otlpgrpc

package telemetry

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

func TestStart_SaysHowToExportWithoutGRPC(t *testing.T) {
	for _, signal := range []string{"TRACES", "METRICS"} {
		for _, variable := range []string{"OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_" + signal + "_PROTOCOL"} {
			withoutExports(t)
			t.Setenv("OTEL_EXPORTER_OTLP_"+signal+"_ENDPOINT", "http://127.0.0.1:4317")
			t.Setenv(variable, "grpc")
			var log bytes.Buffer
			started, err := Start(t.Context(), slog.New(slog.NewJSONHandler(&log, nil)), Build{Version: "v1"})
			if err != nil {
				t.Fatal(err)
			}
			if err := started.Shutdown(t.Context()); err != nil {
				t.Error(err)
			}
			for _, want := range []string{`"level":"WARN"`, strings.ToLower(signal) + " are not exported", variable + ` is \"grpc\"`, "http/protobuf", "4318", "-tags otlpgrpc"} {
				if !strings.Contains(log.String(), want) {
					t.Errorf("%s=grpc: the log is %s, want %s in it", variable, &log, want)
				}
			}
		}
	}
}
