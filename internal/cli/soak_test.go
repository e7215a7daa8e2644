package cli

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
)

// A strain is how hard the sidecar is tried.
type strain struct {
	users  int
	lasts  time.Duration
	period time.Duration // from fault to fault
	fault  time.Duration // how long one lasts
	grace  time.Duration // how long it may be felt after that
}

var (
	shortStrain = strain{users: 100_000, lasts: 24 * time.Second, period: 8 * time.Second, fault: 2 * time.Second, grace: 5 * time.Second}
	fullStrain  = strain{users: 100_000, lasts: 10 * time.Minute, period: 20 * time.Second, fault: 6 * time.Second, grace: 8 * time.Second}
)

const clients = 16

// TestLoad has many clients log in and refresh as fast as the machine can, with
// tokens of four algorithms, while backend, JWKS and MongoDB fail in turn. Every
// answer is looked at: nobody gets less than the policy says, nor anything of
// another user, and what the sidecar takes does not grow. `make load` takes ten
// minutes over it.
func TestLoad(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED, NO LOAD: it takes half a minute of every processor; run without -short")
	}
	how := shortStrain
	if os.Getenv("TOKENGRAFT_TEST_LOAD") == "full" {
		how = fullStrain
	}
	w := newSoak(t, enrichtest.Toxiproxy(t), how.users)
	w.attend(t, time.Second) // so that pools and caches are made
	before := w.settle(t)

	var samples []usage
	spoiling := make(chan struct{})
	go func() {
		defer close(spoiling)
		w.spoil(t, how)
	}()
	for range 3 {
		w.attend(t, how.lasts/3)
		samples = append(samples, w.metrics(t).usage())
	}
	<-spoiling
	after := w.wantNoMore(t, before, clients)

	t.Logf("\n%s", w.report(how))
	t.Logf("resident memory: %.0f MiB at the start, %.0f, %.0f and %.0f MiB after each third; goroutines: %d before, %d after; files: %d before, %d after",
		mebibytes(before.resident), mebibytes(samples[0].resident), mebibytes(samples[1].resident), mebibytes(samples[2].resident),
		before.goroutines, after.goroutines, before.files, after.files)
	w.checkAnswers(t)
	if last, first := samples[2].resident, samples[0].resident; last > first+first/4+16<<20 {
		t.Errorf("resident memory grew from %d to %d bytes", first, last)
	}
}

// attend has all clients ask for a while.
func (w *soak) attend(t *testing.T, lasts time.Duration) {
	t.Helper()
	end := time.Now().Add(lasts)
	var asking sync.WaitGroup
	for range clients {
		asking.Go(func() {
			client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			for time.Now().Before(end) {
				w.ask(t, client)
			}
		})
	}
	asking.Wait()
}

// spoil makes one fault after the other, and leaves time to be well at the end.
func (w *soak) spoil(t *testing.T, how strain) {
	began := time.Now()
	for i := 0; time.Since(began)+how.period <= how.lasts+time.Second; i++ {
		f := soakFaults[i%len(soakFaults)]
		w.during.Store(&f)
		f.link(w).spoil(t, f.toxic)
		time.Sleep(how.fault)
		f.link(w).heal(t)
		time.Sleep(how.grace)
		w.during.Store(&soakFault{what: "no fault"})
		time.Sleep(how.period - how.fault - how.grace)
	}
}

// A soakFault is a fault under load, and what else clients may get meanwhile.
type soakFault struct {
	what    string
	link    func(*soak) *link
	toxic   string
	allowed []outcome
}

// lacking is what clients get whose document cannot be had, by the policy.
var (
	lacking     = []outcome{original, "503"}
	unreachable = []outcome{"502", "504"}
	soakFaults  = []soakFault{
		{"MongoDB: nothing passes", func(w *soak) *link { return w.mongo }, blackhole, lacking},
		{"backend: reset", func(w *soak) *link { return w.backend }, reset, unreachable},
		{"JWKS: reset", func(w *soak) *link { return w.jwks }, reset, nil},
		{"MongoDB: reset", func(w *soak) *link { return w.mongo }, reset, lacking},
		{"backend: latency", func(w *soak) *link { return w.backend }, latency(time.Second), nil},
		{"backend: nothing passes", func(w *soak) *link { return w.backend }, blackhole, unreachable},
		{"MongoDB: 1 KB/s", func(w *soak) *link { return w.mongo }, narrow, lacking},
	}
)

// checkAnswers wants that nobody got less than the policy says.
func (w *soak) checkAnswers(t *testing.T) {
	t.Helper()
	if len(w.wrong) > 0 {
		t.Errorf("%d answers are not what the policy says, such as:\n%s", len(w.wrong), strings.Join(w.wrong[:min(len(w.wrong), 10)], "\n"))
	}
	for _, algorithm := range soakAlgorithms {
		if w.enriched[algorithm] == 0 {
			t.Errorf("no token of %s was enriched", algorithm)
		}
	}
}

// report says what happened, for information.
func (w *soak) report(how strain) string {
	took := slices.Sorted(slices.Values(w.took))
	var text strings.Builder
	fmt.Fprintf(&text, "%d users, %d clients, %v, a fault every %v\n", how.users, clients, how.lasts, how.period)
	fmt.Fprintf(&text, "%d logins and refreshes, %.0f a second; p50 %s, p99 %s\n", len(took), float64(len(took))/how.lasts.Seconds(), round(took[len(took)/2]), round(took[len(took)*99/100]))
	fmt.Fprintf(&text, "enriched: %v\n", w.enriched)
	for _, name := range slices.Sorted(maps.Keys(w.got)) {
		fmt.Fprintf(&text, "%s: %d\n", name, w.got[name])
	}
	return text.String()
}
