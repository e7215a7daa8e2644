package loglimit

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestErrorLog_WritesOneLineOfAKindInTenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		l := NewErrorLog(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug})))
		for range 2 {
			for port := range 1000 {
				l.Printf("http: TLS handshake error from 192.0.2.1:%d: EOF", port)
				l.Print("httputil: ReverseProxy read error during body copy: connection reset by peer")
			}
			time.Sleep(interval)
		}
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		if len(lines) != 4 || !strings.Contains(lines[0], "count=1") || !strings.Contains(lines[2], "count=1000") {
			t.Errorf("the log is\n%s\nwant two lines of each kind, the second ones with count=1000", &out)
		}
	})
}

func TestErrorLog_WritesNothingAboveDebug(t *testing.T) {
	var out bytes.Buffer
	NewErrorLog(slog.New(slog.NewTextHandler(&out, nil))).Print("http: TLS handshake error")
	if out.Len() > 0 {
		t.Errorf("the log is %s, want nothing at the level info", &out)
	}
}
