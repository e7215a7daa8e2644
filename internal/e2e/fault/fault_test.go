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

var full = flag.Bool("full", false, "test every fault, with twenty requests during each")

// slack is how much longer than promised a slow machine may take.
const slack = 4 * time.Second

// annasDocument is the document of the user in all tests.
var annasDocument = bson.D{{Key: "id", Value: "anna"}, {Key: "about", Value: about}}

func TestMain(m *testing.M) { e2e.Main(m) }

// TestFaults causes every fault and checks that the sidecar does what its row
// promises: what clients get, how long they wait, how soon the sidecar recovers, and
// that it leaks neither goroutines nor connections nor memory. With -v it prints what
// it measured.
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
				defer func() { measured[i].skipped = t.Skipped() }()
				own := db
				if f.alone {
					own = newDatabase(t, annasDocument)
				}
				measured[i] = f.run(t, newEnv(t, proxy, own))
			})
		})
	}
	running.Wait()
	e2e.PrintTable(t, "faults", printMeasured(measured))
}

func (f fault) run(t *testing.T, e *env) measurement {
	m := measurement{fault: f}
	if f.when == before {
		f.breaks.begin(t, e, f.link(e))
		e.start(t, f)
		m.before = e.Usage(t)
		m.waits = f.askDuring(t, e, 0)
	} else {
		e.start(t, f)
		e.WaitReady(t)
		normal := e.warmUp(t)
		m.before = e.Usage(t)
		f.breaks.begin(t, e, f.link(e))
		m.waits = f.askDuring(t, e, normal)
	}
	if f.at.name == client.name {
		e.wantEnriched(t, string(e.Public), "by other clients")
	}
	f.checkReasons(t, e)
	if f.when == before {
		m.after = e.WantNoMore(t, m.before, 0) // before the recovery: the usage without the fault is unknown
	}
	if f.breaks.end != nil {
		m.recoveredIn = f.awaitRecovery(t, e)
	}
	if f.when == later {
		m.after = e.WantNoMore(t, m.before, 0)
	}
	return m
}

// link returns the link that has the fault, or nil.
func (f fault) link(e *env) *toxic.Link {
	if f.at.link == nil {
		return nil
	}
	return f.at.link(e)
}

// warmUp makes requests until connections exist, and returns how long a response
// takes.
func (e *env) warmUp(t *testing.T) time.Duration {
	t.Helper()
	var took []time.Duration
	for range 5 {
		start := time.Now()
		e.wantEnriched(t, e.client.Address, "without the fault")
		took = append(took, time.Since(start)/2)
	}
	return median(took)
}

// wantEnriched checks that a client gets enriched tokens under both policies.
func (e *env) wantEnriched(t *testing.T, address, when string) {
	t.Helper()
	client := newClient(clientTimeout)
	for _, policy := range policies {
		if got := e.refresh(client, address, policy); got != enriched {
			t.Errorf("a refresh %s under %s: got %s, want %s", when, policy, got, enriched)
		}
	}
}

var policies = []string{"pass", "refuse"}

// askDuring makes requests during the fault and returns how much longer than normal
// each took. Without -full it makes fewer requests if they are slow.
func (f fault) askDuring(t *testing.T, e *env, normal time.Duration) (waits []time.Duration) {
	t.Helper()
	ask := f.ask
	if ask == nil {
		client := newClient(clientTimeout)
		ask = func(e *env, policy string) outcome { return e.refresh(client, e.client.Address, policy) }
	}
	want := map[string]outcome{"pass": f.must.pass, "refuse": f.must.refuse}
	const few, many = 3, 20
	start := time.Now()
	for round := 0; round < few || round < many && (*full || time.Since(start) < time.Second); round++ {
		for _, policy := range policies {
			asked := time.Now()
			if got := ask(e, policy); got != want[policy] {
				t.Errorf("a refresh during the fault under %s: got %s, want %s", policy, got, want[policy])
			}
			waits = append(waits, max(0, time.Since(asked)-normal))
		}
	}
	if longest := slices.Max(waits); longest > f.must.bound+slack {
		t.Errorf("a response took %v longer than without the fault, want at most %v and %v of slack", longest, f.must.bound, slack)
	}
	return waits
}

// awaitRecovery ends the fault and returns how long the sidecar took to recover.
func (f fault) awaitRecovery(t *testing.T, e *env) time.Duration {
	t.Helper()
	f.breaks.end(t, e, f.link(e))
	ended := time.Now()
	client := newClient(clientTimeout)
	for {
		pass, refuse := e.refresh(client, e.client.Address, "pass"), e.refresh(client, e.client.Address, "refuse")
		took := time.Since(ended)
		switch {
		case pass == enriched && refuse == enriched:
			if took > f.must.recovery+slack {
				t.Errorf("recovered after %v, want at most %v and %v of slack", took, f.must.recovery, slack)
			}
			return took
		case took > f.must.recovery+2*slack:
			t.Fatalf("%v after the end of the fault: got %s under pass and %s under refuse, want the enriched token", took, pass, refuse)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// checkReasons checks the reasons under which the sidecar counted tokens.
func (f fault) checkReasons(t *testing.T, e *env) {
	t.Helper()
	reasons := e.Metrics(t).Reasons()
	if f.must.reason != "" && reasons[f.must.reason] == 0 {
		t.Errorf("tokens by reason: got %v, want some with reason %s", reasons, f.must.reason)
	}
	for reason, count := range reasons {
		if count > 0 && reason != f.must.reason && reason != "ok" && reason != "canceled" {
			t.Errorf("tokens by reason: got %v, want none with reason %s", reasons, reason)
		}
	}
}
