package e2e

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Metrics are the values of /metrics by series.
type Metrics map[string]float64

// Metrics fetches the metrics.
func (s *Sidecar) Metrics(t testing.TB) Metrics {
	t.Helper()
	series := Metrics{}
	for line := range strings.Lines(s.Admin.Get(t, "/metrics")) {
		line = strings.TrimSpace(line)
		if space := strings.LastIndexByte(line, ' '); space >= 0 && line[0] != '#' {
			series[line[:space]], _ = strconv.ParseFloat(line[space+1:], 64)
		}
	}
	return series
}

var reasonLabel = regexp.MustCompile(`^tokengraft_tokens_total\{.*reason="(\w+)"`)

// Reasons returns the number of tokens by reason.
func (m Metrics) Reasons() map[string]int {
	counts := map[string]int{}
	for name, value := range m {
		if label := reasonLabel.FindStringSubmatch(name); label != nil {
			counts[label[1]] += int(value)
		}
	}
	return counts
}

// A Usage is what a process uses of the machine.
type Usage struct {
	Goroutines, Files int   // Files includes connections
	Heap, Resident    int64 // bytes
}

// Usage returns what the sidecar uses, if it runs in a separate process.
func (m Metrics) Usage() Usage {
	return Usage{
		Goroutines: int(m["go_goroutines"]),
		Files:      int(m["process_open_fds"]),
		Heap:       int64(m["go_memstats_heap_alloc_bytes"]),
		Resident:   int64(m["process_resident_memory_bytes"]),
	}
}
