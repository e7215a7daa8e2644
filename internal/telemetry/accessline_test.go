package telemetry

import (
	"bytes"
	"context"
	"log/slog"
	"math"
	"os"
	"strings"
	"testing"
	"time"
)

// A line of the access log is byte for byte what a slog.JSONHandler writes.
func TestAccessLine_IsThatOfSlog(t *testing.T) {
	times := []time.Time{
		{}, time.Unix(0, 0).UTC(), time.Unix(1<<34, 5).UTC(), time.Unix(1<<40, 0), time.Now(),
		time.Now().In(time.FixedZone("", 5*3600+1800)), time.Now().Truncate(time.Second), time.Unix(-1<<40, 0),
	}
	attrs := []slog.Attr{
		{}, slog.Int("status", 200), slog.Int64("bytes", -1<<63), slog.Uint64("n", 1<<63), slog.Bool("b", true),
		slog.Any("nil", nil), slog.Duration("took", time.Second), slog.Group("g", slog.Int("a", 1)), slog.Group("empty"),
		slog.String(`k"ey`, "x"), slog.String("", "x"), slog.String("peer", "[::1]:80"),
	}
	for _, text := range []string{"", "/oauth/token", `a"b`, `a\b`, "<&>'", "é", "\u2028", "\x00\x1f\x7f", "\xff", "😀", "a b,c"} {
		attrs = append(attrs, slog.String("path", text), slog.String(text, "value"))
	}
	for _, f := range []float64{0, 1, -1, .1, 1e-6, 9.99e-7, 1e-7, 1e20, 1e21, 1.5e300, 0.000123456, 3.0000000001, math.Inf(1), math.NaN(), -0.5, math.Copysign(0, -1)} {
		attrs = append(attrs, slog.Float64("seconds", f))
	}
	for i, at := range times {
		for j := range attrs {
			record := slog.NewRecord(at, slog.LevelInfo, accessMessage, 0)
			record.AddAttrs(attrs[j], attrs[(i+j+1)%len(attrs)])
			var got, want bytes.Buffer
			logger, _, err := NewLogger(&got)
			if err != nil {
				t.Fatal(err)
			}
			_ = logger.Handler().Handle(t.Context(), record)
			_ = slog.NewJSONHandler(&want, nil).Handle(t.Context(), record)
			if got.String() != want.String() {
				t.Errorf("got  %s want %s", got.String(), want.String())
			}
		}
	}
}

func TestAccessLine_OfADerivedLoggerHasItsAttributes(t *testing.T) {
	var got bytes.Buffer
	logger, _, err := NewLogger(&got)
	if err != nil {
		t.Fatal(err)
	}
	logger.With("service", "a").Info(accessMessage, "status", 200)
	logger.WithGroup("g").Info(accessMessage, "status", 200)
	for _, want := range []string{`"service":"a","status":200}`, `"g":{"status":200}}`} {
		if !strings.Contains(got.String(), want) {
			t.Errorf("got %s want %s in it", got.String(), want)
		}
	}
}

// Only unusual lines need the handler of slog.
func TestAccessLine_CopiesTheUsualLine(t *testing.T) {
	if line, ok := appendLine(nil, usualRecord()); !ok {
		t.Errorf("%s is not written by copying", line)
	}
}

func usualRecord() slog.Record {
	record := slog.NewRecord(time.Now(), slog.LevelInfo, accessMessage, 0)
	record.AddAttrs(
		slog.String("method", "POST"), slog.String("path", "/oauth/token"), slog.Int("status", 200),
		slog.Int64("bytes", 1234), slog.Float64("seconds", 0.000123456), slog.String("rule", "POST /oauth/token"),
		slog.String("sign_in", "login"), slog.String("why", "grant_type password"), slog.String("tokens", "ok"),
		slog.String("peer", "127.0.0.1:12345"),
	)
	return record
}

// BenchmarkAccessLine is what a line of the access log costs, and what the handler of slog
// needs for it.
func BenchmarkAccessLine(b *testing.B) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer null.Close()
	record := usualRecord()
	lines := &lineWriter{w: null, collects: true}
	slogs := slog.NewJSONHandler(lines, nil)
	for name, handler := range map[string]slog.Handler{"access": accessHandler{slogs, lines, true}, "slog": slogs} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = handler.Handle(context.Background(), record)
			}
		})
	}
}
