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

var full = flag.Bool("full", false, "take ten minutes, with a fault every twenty seconds")

func TestMain(m *testing.M) { e2e.Main(m) }

// A load says how hard the sidecar is tried.
type load struct {
	users  int
	lasts  time.Duration
	period time.Duration // from fault to fault
	fault  time.Duration // how long one lasts
	grace  time.Duration // how long it may be felt after that
}

var (
	shortLoad = load{users: 100_000, lasts: 24 * time.Second, period: 8 * time.Second, fault: 2 * time.Second, grace: 5 * time.Second}
	fullLoad  = load{users: 100_000, lasts: 10 * time.Minute, period: 20 * time.Second, fault: 6 * time.Second, grace: 8 * time.Second}
)

const clients = 16

// TestLoad has clients log in and refresh, with tokens of four algorithms. It
// looks at every answer: nobody gets less than the policy says, nor anything of
// another user, and what the sidecar takes of the machine does not grow.
func TestLoad(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED, NO LOAD: it takes twenty seconds of every processor; run without -short")
	}
	how := shortLoad
	if *full {
		how = fullLoad
	}
	e := newEnv(t, how.users)
	e.attend(t, time.Second) // so that pools and caches are made
	before := e.Usage(t)

	var samples []e2e.Usage
	spoiling := make(chan struct{})
	go func() {
		defer close(spoiling)
		e.spoil(t, how)
	}()
	for third := range 3 {
		e.attend(t, how.lasts/3)
		samples = append(samples, e.Metrics(t).Usage())
		t.Logf("%d of 3 thirds: %d logins and refreshes", third+1, e.asked())
	}
	<-spoiling
	after := e.WantNoMore(t, before, clients)

	t.Logf("\n%s", e.report(how))
	t.Logf("resident memory: %.0f MiB at the start, %.0f, %.0f and %.0f MiB after each third; goroutines: %d before, %d after; files: %d before, %d after",
		mebibytes(before.Resident), mebibytes(samples[0].Resident), mebibytes(samples[1].Resident), mebibytes(samples[2].Resident),
		before.Goroutines, after.Goroutines, before.Files, after.Files)
	e.checkAnswers(t)
	if last, first := samples[2].Resident, samples[0].Resident; last > first+first/4+16<<20 {
		t.Errorf("resident memory grew from %d to %d bytes", first, last)
	}
}

func mebibytes(bytes int64) float64 { return float64(bytes) / (1 << 20) }

// attend has all clients ask for a while.
func (e *env) attend(t *testing.T, lasts time.Duration) {
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

// spoil makes one fault after the other, and leaves time to recover at the end.
func (e *env) spoil(t *testing.T, how load) {
	began := time.Now()
	for i := 0; time.Since(began)+how.period <= how.lasts+time.Second; i++ {
		f := faults[i%len(faults)]
		e.during.Store(&f)
		f.link(e).Spoil(t, f.toxic)
		time.Sleep(how.fault)
		f.link(e).Heal(t)
		time.Sleep(how.grace)
		e.during.Store(&fault{what: "no fault"})
		time.Sleep(how.period - how.fault - how.grace)
	}
}

// A fault is what fails, and what else clients may get meanwhile.
type fault struct {
	what    string
	link    func(*env) *toxic.Link
	toxic   string
	allowed []outcome
}

// lacking is what clients get whose document cannot be read, by the policy.
var (
	lacking     = []outcome{original, "503"}
	unreachable = []outcome{"502", "504"}
	faults      = []fault{
		{"MongoDB: nothing passes", func(e *env) *toxic.Link { return e.mongo }, toxic.Blackhole, lacking},
		{"backend: reset", func(e *env) *toxic.Link { return e.backend }, toxic.Reset, unreachable},
		{"JWKS: reset", func(e *env) *toxic.Link { return e.jwks }, toxic.Reset, nil},
		{"MongoDB: reset", func(e *env) *toxic.Link { return e.mongo }, toxic.Reset, lacking},
		{"backend: latency", func(e *env) *toxic.Link { return e.backend }, toxic.Latency(time.Second), nil},
		{"backend: nothing passes", func(e *env) *toxic.Link { return e.backend }, toxic.Blackhole, unreachable},
		{"MongoDB: 1 KB/s", func(e *env) *toxic.Link { return e.mongo }, toxic.Narrow, lacking},
	}
)

// checkAnswers wants that nobody got less than the policy says.
func (e *env) checkAnswers(t *testing.T) {
	t.Helper()
	if len(e.wrong) > 0 {
		t.Errorf("%d answers are not what the policy says, such as:\n%s", len(e.wrong), strings.Join(e.wrong[:min(len(e.wrong), 10)], "\n"))
	}
	for _, algorithm := range algorithms {
		if e.enriched[algorithm] == 0 {
			t.Errorf("no token of %s was enriched", algorithm)
		}
	}
}

// report says what happened, for information.
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
