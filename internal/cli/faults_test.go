package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
)

// slack is what a slow machine may add to a promise.
const slack = 4 * time.Second

// annasDocument is of the user of all faults.
var annasDocument = bson.D{{Key: "id", Value: "anna"}, {Key: "about", Value: about}}

// TestFaults makes every fault, and holds the sidecar to what the README's table
// promises of it: what clients get, how long they wait, how soon it is well
// again, and that nothing is left behind. With -v it prints what it measured.
func TestFaults(t *testing.T) {
	api, db := enrichtest.Toxiproxy(t), newDatabase(t, annasDocument)
	measured := make([]measurement, len(faults))
	turns := make(chan struct{}, 16) // each mostly waits
	var running sync.WaitGroup
	for i, f := range faults {
		if f.long && !full() {
			continue
		}
		running.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			t.Run(f.where+"/"+f.what, func(t *testing.T) {
				own := db
				if f.alone {
					own = newDatabase(t, annasDocument)
				}
				measured[i] = f.run(t, newStage(t, api, own))
			})
		})
	}
	running.Wait()
	t.Log("\n" + printMeasured(measured))
}

// A measurement is what one fault did.
type measurement struct {
	fault
	waits         []time.Duration // beside what an answer takes without the fault
	healedIn      time.Duration
	before, after usage
}

func (f fault) run(t *testing.T, s *stage) measurement {
	m := measurement{fault: f}
	var normal time.Duration
	if f.early {
		f.begin(t, s)
		s.start(t, f.settings, f.wrapper...)
		m.before = s.settle(t)
	} else {
		s.start(t, f.settings, f.wrapper...)
		s.waitReady(t)
		normal = s.warmUp(t)
		m.before = s.settle(t)
		f.begin(t, s)
	}
	m.waits = f.suffer(t, s, normal)
	if f.where == "client" {
		s.want(t, s.public, "others", enriched, enriched)
	}
	f.checkReasons(t, s)
	if f.early {
		m.after = s.wantNoMore(t, m.before, 0) // what it takes when all is well is not known
	}
	if f.end != nil {
		m.healedIn = f.heal(t, s)
	}
	if !f.early {
		m.after = s.wantNoMore(t, m.before, 0)
	}
	return m
}

// warmUp asks until connections are made, and returns what an answer takes.
func (s *stage) warmUp(t *testing.T) time.Duration {
	t.Helper()
	var took []time.Duration
	for range 5 {
		began := time.Now()
		s.want(t, s.client.address, "without the fault", enriched, enriched)
		took = append(took, time.Since(began)/2)
	}
	return median(took)
}

// want asks under both policies.
func (s *stage) want(t *testing.T, address, when string, pass, refuse outcome) {
	t.Helper()
	client := onceClient(patience)
	if got := s.refresh(client, address, "pass"); got != pass {
		t.Errorf("%s: under pass the client gets %s, want %s", when, got, pass)
	}
	if got := s.refresh(client, address, "refuse"); got != refuse {
		t.Errorf("%s: under refuse the client gets %s, want %s", when, got, refuse)
	}
}

// suffer asks while the fault lasts, in the short form less often if that takes
// long, and returns what the fault added to each answer.
func (f fault) suffer(t *testing.T, s *stage, normal time.Duration) (waits []time.Duration) {
	t.Helper()
	ask := f.ask
	if ask == nil {
		client := onceClient(patience)
		ask = func(s *stage, policy string) outcome { return s.refresh(client, s.client.address, policy) }
	}
	const few, many = 3, 20
	start := time.Now()
	for round := 0; round < few || round < many && (full() || time.Since(start) < time.Second); round++ {
		for policy, want := range map[string]outcome{"pass": f.pass, "refuse": f.refuse} {
			began := time.Now()
			if got := ask(s, policy); got != want {
				t.Errorf("under %s the client gets %s, want %s", policy, got, want)
			}
			waits = append(waits, max(0, time.Since(began)-normal))
		}
	}
	if longest := slices.Max(waits); longest > f.bound+slack {
		t.Errorf("an answer took %v longer, the promise is %v", longest, f.bound)
	}
	return waits
}

// heal ends the fault and returns how long it is felt after that.
func (f fault) heal(t *testing.T, s *stage) time.Duration {
	t.Helper()
	f.end(t, s)
	began := time.Now()
	client := onceClient(patience)
	for {
		pass, refuse := s.refresh(client, s.client.address, "pass"), s.refresh(client, s.client.address, "refuse")
		took := time.Since(began)
		switch {
		case pass == enriched && refuse == enriched:
			if took > f.healed+slack {
				t.Errorf("well again after %v, the promise is %v", took, f.healed)
			}
			return took
		case took > f.healed+2*slack:
			t.Fatalf("not well %v after the end: the client gets %s, and %s", took, pass, refuse)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// checkReasons looks at what the sidecar counted.
func (f fault) checkReasons(t *testing.T, s *stage) {
	t.Helper()
	reasons := s.metrics(t).reasons()
	if f.reason != "" && reasons[f.reason] == 0 {
		t.Errorf("no token is counted %s: %v", f.reason, reasons)
	}
	for reason, count := range reasons {
		if count > 0 && reason != f.reason && reason != "ok" && reason != "canceled" {
			t.Errorf("%d tokens are counted %s", count, reason)
		}
	}
}

func printMeasured(measured []measurement) string {
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "WHERE\tFAULT\tPASS\tREFUSE\tCOUNTED\tADDED: MEDIAN\tMAX\tWELL AFTER\tGOROUTINES\tFILES\tHEAP, MiB")
	for _, m := range measured {
		if m.waits == nil {
			continue
		}
		healed := "–"
		if m.end != nil {
			healed = round(m.healedIn)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d → %d\t%d → %d\t%.1f → %.1f\n",
			m.where, m.what, m.pass, m.refuse, cmp.Or(m.reason, "–"), round(median(m.waits)), round(slices.Max(m.waits)), healed,
			m.before.goroutines, m.after.goroutines, m.before.files, m.after.files, mebibytes(m.before.heap), mebibytes(m.after.heap))
	}
	table.Flush()
	return text.String()
}

func round(d time.Duration) string { return d.Round(time.Millisecond).String() }

func mebibytes(bytes int64) float64 { return float64(bytes) / (1 << 20) }

func median(durations []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(durations))
	return sorted[len(sorted)/2]
}
