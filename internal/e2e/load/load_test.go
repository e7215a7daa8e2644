package load_test

import (
	"flag"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/internal/e2e"
	"github.com/tokengraft/tokengraft/internal/e2e/toxic"
)

var full = flag.Bool("full", false, "run for ten minutes, with a fault every twenty seconds")

func TestMain(m *testing.M) { e2e.Main(m) }

// A load says how many users log in, for how long, and how often faults happen.
type load struct {
	users  int
	lasts  time.Duration
	period time.Duration // from one fault to the next
	fault  time.Duration // how long a fault lasts
	grace  time.Duration // how long the sidecar may take to recover
}

var (
	shortLoad = load{users: 100_000, lasts: 24 * time.Second, period: 8 * time.Second, fault: 2 * time.Second, grace: 5 * time.Second}
	fullLoad  = load{users: 100_000, lasts: 10 * time.Minute, period: 20 * time.Second, fault: 6 * time.Second, grace: 8 * time.Second}
)

const clients = 16

// TestLoad makes logins and refreshes, with tokens of four algorithms. It checks every
// response: each client gets what the policy promises and no document of another user.
// It also checks that the sidecar's memory, goroutines and files do not grow.
func TestLoad(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED, THE LOAD WAS NOT TESTED: it uses every processor for twenty seconds; run without -short")
	}
	how := shortLoad
	if *full {
		how = fullLoad
	}
	e := newEnv(t, how.users)
	e.makeRequests(t, time.Second) // to fill pools and caches
	before := e.Usage(t)

	var samples []e2e.Usage
	disturbing := make(chan struct{})
	go func() {
		defer close(disturbing)
		e.disturb(t, how)
	}()
	for third := range 3 {
		e.makeRequests(t, how.lasts/3)
		samples = append(samples, e.Metrics(t).Usage())
		t.Logf("%d of 3 thirds: %d logins and refreshes", third+1, e.asked())
	}
	<-disturbing
	after := e.WantNoMore(t, before, clients)

	t.Logf("\n%s", e.report(how))
	t.Logf("resident memory: %.0f MiB at the start, %.0f, %.0f and %.0f MiB after each third; goroutines: %d before, %d after; files: %d before, %d after",
		mebibytes(before.Resident), mebibytes(samples[0].Resident), mebibytes(samples[1].Resident), mebibytes(samples[2].Resident),
		before.Goroutines, after.Goroutines, before.Files, after.Files)
	e.checkAnswers(t)
	if last, first := samples[2].Resident, samples[0].Resident; last > first+first/4+16<<20 {
		t.Errorf("resident memory grew from %d to %d bytes, want at most %d", first, last, first+first/4+16<<20)
	}
}

func mebibytes(bytes int64) float64 { return float64(bytes) / (1 << 20) }

// makeRequests lets all clients make requests for a time.
func (e *env) makeRequests(t *testing.T, lasts time.Duration) {
	t.Helper()
	end := time.Now().Add(lasts)
	var asking sync.WaitGroup
	for range clients {
		asking.Go(func() {
			client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			for time.Now().Before(end) {
				e.ask(t, client)
			}
		})
	}
	asking.Wait()
}

// disturb causes one fault after the other. It leaves time to recover at the end.
func (e *env) disturb(t *testing.T, how load) {
	start := time.Now()
	for i := 0; time.Since(start)+how.period <= how.lasts+time.Second; i++ {
		f := faults[i%len(faults)]
		e.during.Store(&f)
		f.link(e).Disturb(t, f.toxic)
		time.Sleep(how.fault)
		f.link(e).Clear(t)
		time.Sleep(how.grace)
		e.during.Store(&fault{what: "no fault"})
		time.Sleep(how.period - how.fault - how.grace)
	}
}

// A fault is what fails, and which other outcomes are allowed meanwhile.
type fault struct {
	what    string
	link    func(*env) *toxic.Link
	toxic   string
	allowed []outcome
}

// withoutDocument is what clients get if their document cannot be read, by policy.
var (
	withoutDocument = []outcome{original, "503"}
	unreachable     = []outcome{"502", "504"}
	faults          = []fault{
		{"MongoDB: no bytes get through", func(e *env) *toxic.Link { return e.mongo }, toxic.Blackhole, withoutDocument},
		{"backend: reset", func(e *env) *toxic.Link { return e.backend }, toxic.Reset, unreachable},
		{"JWKS: reset", func(e *env) *toxic.Link { return e.jwks }, toxic.Reset, nil},
		{"MongoDB: reset", func(e *env) *toxic.Link { return e.mongo }, toxic.Reset, withoutDocument},
		{"backend: latency", func(e *env) *toxic.Link { return e.backend }, toxic.Latency(time.Second), nil},
		{"backend: no bytes get through", func(e *env) *toxic.Link { return e.backend }, toxic.Blackhole, unreachable},
		{"MongoDB: 1 KB/s", func(e *env) *toxic.Link { return e.mongo }, toxic.Narrow, withoutDocument},
	}
)

// checkAnswers checks that every client got what the policy promises.
func (e *env) checkAnswers(t *testing.T) {
	t.Helper()
	if len(e.wrong) > 0 {
		t.Errorf("%d responses are not what the policy promises, such as:\n%s", len(e.wrong), strings.Join(e.wrong[:min(len(e.wrong), 10)], "\n"))
	}
	for _, algorithm := range algorithms {
		if e.enriched[algorithm] == 0 {
			t.Errorf("enriched tokens of %s: got none, want some", algorithm)
		}
	}
}

// report summarizes the run.
func (e *env) report(how load) string {
	took := slices.Sorted(slices.Values(e.took))
	var text strings.Builder
	fmt.Fprintf(&text, "%d users, %d clients, %v, a fault every %v\n", how.users, clients, how.lasts, how.period)
	fmt.Fprintf(&text, "%d logins and refreshes, %.0f a second; p50 %v, p99 %v\n", len(took), float64(len(took))/how.lasts.Seconds(), took[len(took)/2].Round(time.Millisecond), took[len(took)*99/100].Round(time.Millisecond))
	fmt.Fprintf(&text, "enriched: %v\n", e.enriched)
	for _, name := range slices.Sorted(maps.Keys(e.got)) {
		fmt.Fprintf(&text, "%s: %d\n", name, e.got[name])
	}
	return text.String()
}
