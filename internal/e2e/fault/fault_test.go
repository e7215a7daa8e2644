package fault_test

import (
	"flag"
	"slices"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/tokengraft/tokengraft/internal/e2e"
	"github.com/tokengraft/tokengraft/internal/e2e/toxic"
)

var full = flag.Bool("full", false, "make every fault, and ask twenty times during each")

// slack is what a slow machine may add to a promise.
const slack = 4 * time.Second

// annasDocument belongs to the user of all faults.
var annasDocument = bson.D{{Key: "id", Value: "anna"}, {Key: "about", Value: about}}

func TestMain(m *testing.M) { e2e.Main(m) }

// TestFaults makes every fault, and holds the sidecar to its promise: what
// clients get, how long they wait, how soon it recovers, and that nothing is left
// behind. With -v it prints what it measured.
func TestFaults(t *testing.T) {
	proxy, db := toxic.Start(t), newDatabase(t, annasDocument)
	measured := make([]measurement, len(faults))
	turns := make(chan struct{}, 16) // each mostly waits
	var running sync.WaitGroup
	for i, f := range faults {
		if f.full && !*full {
			continue
		}
		running.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			t.Run(f.at.name+"/"+f.what, func(t *testing.T) {
				own := db
				if f.alone {
					own = newDatabase(t, annasDocument)
				}
				measured[i] = f.run(t, newEnv(t, proxy, own))
			})
		})
	}
	running.Wait()
	t.Log("\n" + printMeasured(measured))
}

func (f fault) run(t *testing.T, e *env) measurement {
	m := measurement{fault: f}
	if f.when == before {
		f.breaks.begin(t, e, f.link(e))
		e.start(t, f)
		m.before = e.Usage(t)
		m.waits = f.endure(t, e, 0)
	} else {
		e.start(t, f)
		e.WaitReady(t)
		normal := e.warmUp(t)
		m.before = e.Usage(t)
		f.breaks.begin(t, e, f.link(e))
		m.waits = f.endure(t, e, normal)
	}
	if f.at.name == client.name {
		e.wantEnriched(t, string(e.Public), "of other clients")
	}
	f.checkReasons(t, e)
	if f.when == before {
		m.after = e.WantNoMore(t, m.before, 0) // what it takes when all is well is not known
	}
	if f.breaks.end != nil {
		m.healedIn = f.heal(t, e)
	}
	if f.when == later {
		m.after = e.WantNoMore(t, m.before, 0)
	}
	return m
}

// link returns where the fault is, or nil.
func (f fault) link(e *env) *toxic.Link {
	if f.at.link == nil {
		return nil
	}
	return f.at.link(e)
}

// warmUp asks until connections are made, and returns what an answer takes.
func (e *env) warmUp(t *testing.T) time.Duration {
	t.Helper()
	var took []time.Duration
	for range 5 {
		began := time.Now()
		e.wantEnriched(t, e.client.Address, "without the fault")
		took = append(took, time.Since(began)/2)
	}
	return median(took)
}

// wantEnriched asks under both policies.
func (e *env) wantEnriched(t *testing.T, address, when string) {
	t.Helper()
	client := newClient(patience)
	for _, policy := range policies {
		if got := e.refresh(client, address, policy); got != enriched {
			t.Errorf("a refresh %s under %s: %s, want %s", when, policy, got, enriched)
		}
	}
}

var policies = []string{"pass", "refuse"}

// endure asks while the fault lasts, in the short form less often if that takes
// long, and returns what the fault added to each answer.
func (f fault) endure(t *testing.T, e *env, normal time.Duration) (waits []time.Duration) {
	t.Helper()
	ask := f.ask
	if ask == nil {
		client := newClient(patience)
		ask = func(e *env, policy string) outcome { return e.refresh(client, e.client.Address, policy) }
	}
	want := map[string]outcome{"pass": f.must.pass, "refuse": f.must.refuse}
	const few, many = 3, 20
	start := time.Now()
	for round := 0; round < few || round < many && (*full || time.Since(start) < time.Second); round++ {
		for _, policy := range policies {
			began := time.Now()
			if got := ask(e, policy); got != want[policy] {
				t.Errorf("a refresh during the fault under %s: %s, want %s", policy, got, want[policy])
			}
			waits = append(waits, max(0, time.Since(began)-normal))
		}
	}
	if longest := slices.Max(waits); longest > f.must.bound+slack {
		t.Errorf("an answer took %v longer, the promise is %v", longest, f.must.bound)
	}
	return waits
}

// heal ends the fault and returns for how long it is felt after that.
func (f fault) heal(t *testing.T, e *env) time.Duration {
	t.Helper()
	f.breaks.end(t, e, f.link(e))
	began := time.Now()
	client := newClient(patience)
	for {
		pass, refuse := e.refresh(client, e.client.Address, "pass"), e.refresh(client, e.client.Address, "refuse")
		took := time.Since(began)
		switch {
		case pass == enriched && refuse == enriched:
			if took > f.must.healed+slack {
				t.Errorf("recovered after %v, the promise is %v", took, f.must.healed)
			}
			return took
		case took > f.must.healed+2*slack:
			t.Fatalf("not recovered %v after the end of the fault: %s under pass, %s under refuse", took, pass, refuse)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// checkReasons looks at what the sidecar counted.
func (f fault) checkReasons(t *testing.T, e *env) {
	t.Helper()
	reasons := e.Metrics(t).Reasons()
	if f.must.reason != "" && reasons[f.must.reason] == 0 {
		t.Errorf("tokens by reason: %v, want some that are %s", reasons, f.must.reason)
	}
	for reason, count := range reasons {
		if count > 0 && reason != f.must.reason && reason != "ok" && reason != "canceled" {
			t.Errorf("tokens by reason: %v, want none that is %s", reasons, reason)
		}
	}
}
