package attack_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"

	"github.com/tokengraft/tokengraft/internal/e2e"
)

func TestMain(m *testing.M) { e2e.Main(m) }

// TestAttacks runs every attack as a subtest, and checks that its outcome is the one in
// its row. It prints all outcomes as a table. Debug logs and traces are on, and must
// not contain a secret.
//
// To add an attack, add a row to the table of its kind. The groups below start the
// targets and run the rows.
func TestAttacks(t *testing.T) {
	t.Setenv("LOG_LEVEL", "debug")
	t.Setenv("LOG_FORMAT", "json")
	s := &suite{}
	collector := httptest.NewServer(http.HandlerFunc(s.collect))
	defer collector.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)

	t.Run("floods", s.attackWithFloods)                // without other attacks, because they measure memory
	t.Run("crowds", s.attackWithCrowds)                // and so do these
	t.Run("restore floods", s.attackWithRestoreFloods) // and these the time
	t.Run("others", s.attackTogether)
	s.checkLeaks(t)
	s.checkPage(t)
	e2e.PrintTable(t, "attacks", s.table())
}

// attackTogether runs the groups that can run in parallel.
func (s *suite) attackTogether(t *testing.T) {
	for _, group := range []struct {
		name   string
		attack func(*testing.T)
	}{
		{"tokens", s.attackWithTokens},
		{"keys", s.attackWithKeys},
		{"restore", s.attackRestore},
		{"users", s.attackAsUsers},
		{"documents", s.attackWithDocuments},
		{"sign-ins", s.attackSignIns}, // skipped if there is no FerretDB
		{"wire", s.attackTheWire},
		{"headers", s.attackWithHeaders},
		{"http2", s.attackByHTTP2},
		{"paths", s.attackWithPaths},
		{"gates", s.attackGates},
		{"forwarding", s.attackForwarding},
		{"owners", s.attackOwners}, // skipped if there is no FerretDB
		{"calls", s.attackCalls},   // and these
		{"data", s.attackData},
		{"admin", s.attackAdmin},
		{"slowness", s.attackSlowly},
		{"functions", s.attackFunctions},
		{"overload", s.attackWithOverload},
	} {
		t.Run(group.name, func(t *testing.T) {
			t.Parallel()
			defer s.noteIfSkipped(t)
			group.attack(t)
		})
	}
}

// A kind of attack has a name, and the promise that a successful attack breaks: a law
// of docs/design/laws.md, an RFC, or docs/security.md.
type kind struct{ name, law string }

// A suite runs the attacks and collects their outcomes.
type suite struct {
	mu       sync.Mutex
	outcomes []outcome
	skipped  []string // names of tests
	leaks    []string
	exported int // bytes of spans and metrics
	logged   int // lines of the log
}

// An outcome is a row of the printed table.
type outcome struct {
	kind
	sends, happens string
}

// run runs one attack as a subtest. attack returns what happened, and fails the test
// if the attack succeeds.
func (s *suite) run(t *testing.T, k kind, sends string, attack func(t *testing.T) (happens string)) {
	t.Helper()
	t.Run(k.name+"/"+sends, func(t *testing.T) {
		defer s.noteIfSkipped(t)
		s.report(k, sends, attack(t))
	})
}

// noteIfSkipped adds a test to the table if it is being skipped.
func (s *suite) noteIfSkipped(t *testing.T) {
	if t.Skipped() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.skipped = append(s.skipped, t.Name())
	}
}

func (s *suite) report(k kind, sends, happens string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outcomes = append(s.outcomes, outcome{k, sends, happens})
}

func (s *suite) table() string {
	first := map[string]int{}
	for i, o := range s.outcomes {
		if _, seen := first[o.name]; !seen {
			first[o.name] = i
		}
	}
	slices.SortStableFunc(s.outcomes, func(a, b outcome) int { return first[a.name] - first[b.name] })
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 1, ' ', tabwriter.Debug)
	fmt.Fprintln(w, "attack\t the attacker sends\t what happens\t promise")
	for _, o := range s.outcomes {
		fmt.Fprintf(w, "%s\t %s\t %s\t %s\n", o.name, o.sends, o.happens, o.law)
	}
	w.Flush()
	for _, name := range s.skipped {
		fmt.Fprintln(&text, "SKIPPED", name)
	}
	return text.String()
}

// either returns yes if good is true, and else no.
func either(good bool, yes, no string) string {
	if good {
		return yes
	}
	return no
}

// oneOf reports whether got is one of several words, which are separated by bars.
func oneOf(words, got string) bool { return slices.Contains(strings.Split(words, "|"), got) }
