package budget

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/metric/noop"
)

func TestRefusals_LogOneLineInTenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		r, err := NewRefusals(noop.Meter{}, slog.New(slog.NewTextHandler(&log, nil)))
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			for range 100 {
				r.Count(t.Context(), Memory)
			}
			time.Sleep(10 * time.Second)
		}
		r.Count(t.Context(), Requests)
		lines := strings.Split(strings.TrimSpace(log.String()), "\n")
		if len(lines) != 4 {
			t.Fatalf("the log has %d lines, want 3 for memory and 1 for requests:\n%s", len(lines), &log)
		}
		for i, want := range []string{"limit=memory count=1 ", "limit=memory count=100 ", "limit=memory count=100 ", "limit=requests count=1 "} {
			if !strings.Contains(lines[i], "level=WARN") || !strings.Contains(lines[i], want) {
				t.Errorf("line %d is %s, want a warning with %s", i, lines[i], want)
			}
		}
	})
}
