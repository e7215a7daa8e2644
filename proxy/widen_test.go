package proxy_test

import (
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tokengraft/tokengraft/proxy"
)

// The kernel keeps more of a large response, and limits.memory pays for it. A response that finds
// none left is forwarded all the same.
func TestMemory_OfALargeResponseIsTaken(t *testing.T) {
	const get, post = "GET /file HTTP/1.1\r\n", "POST /login HTTP/1.1\r\nContent-Length: 0\r\n"
	for _, tt := range []struct {
		name   string
		ask    string
		length int
		memory func(proxy.Memory) proxy.Memory
		want   int64 // how often memory is taken: once for a request without a rule
	}{
		{"small", get, 500 << 10, func(m proxy.Memory) proxy.Memory { return m }, 1},
		{"large", get, 512 << 10, func(m proxy.Memory) proxy.Memory { return m }, 2},
		{"large, with no memory", get, 512 << 10, func(m proxy.Memory) proxy.Memory { return noLarge{m, new(bool)} }, 2},
		{"large, and read for a rule", post, 512 << 10, func(m proxy.Memory) proxy.Memory { return m }, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			taken := &atomic.Int64{}
			body := `"` + strings.Repeat("x", tt.length-2) + `"`
			f, _ := startResponding(t, answer("HTTP/1.1 200 OK\nContent-Type: application/json", body),
				diagnosing(setup{rules: logins(t), options: func(o *proxy.Options) { o.Memory = largeTaken{tt.memory(o.Memory), taken} }}, proxy.DiagnoseOff))
			res, got := f.ask(t, tt.ask+"Host: h\r\n\r\n")
			if got != body || res.Header.Get("Content-Length") != strconv.Itoa(tt.length) {
				t.Errorf("%d bytes of %s, want %d", len(got), res.Header.Get("Content-Length"), tt.length)
			}
			if taken.Load() != tt.want {
				t.Errorf("memory was taken %d times, want %d", taken.Load(), tt.want)
			}
		})
	}
}
