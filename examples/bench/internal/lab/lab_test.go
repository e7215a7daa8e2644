//go:build linux

package lab

import (
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/examples/bench/internal/load"
)

// A sidecar, the yardstick and the floor in front of a backend give the responses that
// they should, and cost processor time and memory.
func TestMeasure_EveryProxy(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and starts programs")
	}
	l, err := New(t.TempDir(), 50, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	program, err := l.BuildSidecar()
	if err != nil {
		t.Fatal(err)
	}
	for _, algorithm := range []string{"HS256", "ES256"} {
		t.Run(algorithm, func(t *testing.T) { testProxies(t, l, program, algorithm) })
	}
}

func testProxies(t *testing.T, l *Lab, program, algorithm string) {
	backend := must(l.StartBackend(algorithm))
	store := must(l.StartStore())
	signed := must(l.Files.SidecarKey(algorithm))
	original := must(l.Files.BackendKey(algorithm))
	for _, proxy := range []struct {
		name   string
		server *Server
		check  load.Check
	}{
		{"bare", must(l.StartBare(backend)), load.Untouched(original)},
		{"floor", must(l.StartFloor(backend, algorithm)), load.Enriched(signed, 0)},
		{"tokengraft", must(l.StartSidecar(program, Sidecar{Backend: backend.Address, Algorithm: algorithm})), load.Enriched(signed, 0)},
		{"tokengraft-mongodb", must(l.StartSidecar(program, Sidecar{Backend: backend.Address, Algorithm: algorithm, Store: store.Address})), load.Enriched(signed, 0)},
	} {
		m, err := Measure(proxy.server, load.Options{Request: load.Login("/oauth/token"), Users: l.Users, Check: proxy.check}, 0, 300*time.Millisecond)
		if err != nil || m.Errors > 0 || m.Checked == 0 {
			t.Errorf("%s: %d errors of %d requests, %d checked: %v %v", proxy.name, m.Errors, m.Requests, m.Checked, m.Err, err)
		}
		if m.CPU <= 0 || m.Memory.Resident() <= 0 {
			t.Errorf("%s: %v for a request, %d bytes of memory; want more than nothing", proxy.name, m.CPU, m.Memory.Resident())
		}
		t.Logf("%-20s %6d requests, %v of processor time each, p50 %v, p99 %v, memory %+v", proxy.name, m.Requests, m.CPU, m.P50, m.P99, m.Memory)
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
