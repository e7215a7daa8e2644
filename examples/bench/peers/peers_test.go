//go:build linux

package main

import (
	"fmt"
	"math"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/examples/bench/internal/lab"
	"github.com/tokengraft/tokengraft/examples/bench/internal/proc"
)

// Every peer that is installed gives right responses, and the report has a row for each
// of them or says how to get it.
func TestAll_EveryPeerGivesRightResponses(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and starts programs")
	}
	p := plan{users: 50, rounds: 2, length: 50 * time.Millisecond, starts: 1, only: regexp.MustCompile("")}
	b, err := newBench(t.TempDir(), p)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	r, err := b.all()
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range r.tables {
		for _, row := range table.rows {
			switch {
			case missing(row):
				t.Logf("NOT MEASURED: %s: %v", row.name, row.err)
			case row.err != nil:
				t.Errorf("%s: %s is left out: %v", table.name, row.name, row.err)
			case row.errors() > 0 || len(row.runs) != p.rounds || row.of(cpu).least <= 0:
				t.Errorf("%s: %s has %d errors in %d rounds, and %v µs for a request", table.name, row.name, row.errors(), len(row.runs), row.of(cpu))
			}
		}
	}
	for _, target := range targets(r.tables, r.footprint) {
		if target.verdict() == "not measured" && !strings.Contains(target.name, "nginx") {
			t.Errorf("%s is not measured", target.name)
		}
	}
	t.Log(r.markdown())
}

func TestSpan_IsMedianLeastAndGreatest(t *testing.T) {
	for _, test := range []struct {
		numbers []float64
		want    string
	}{
		{nil, "–"},
		{[]float64{2}, "2.00"},
		{[]float64{3, 1}, "2.00 [1.00–3.00]"},
		{[]float64{9, 1, 2}, "2.00 [1.00–9.00]"},
	} {
		if got := spanOf(test.numbers).String(); got != test.want {
			t.Errorf("span of %v is %s, want %s", test.numbers, got, test.want)
		}
	}
}

// rowOf returns a row with the processor times of a peer and of the yardstick.
func rowOf(name string, times ...[2]int) *row {
	r := &row{name: name}
	for _, time := range times {
		r.runs = append(r.runs, pair{peer: measured(time[0]), yardstick: measured(time[1])})
	}
	return r
}

func measured(microseconds int) lab.Measurement {
	return lab.Measurement{CPU: time.Duration(microseconds) * time.Microsecond}
}

// A ratio compares runs of the same round, each with the yardstick before it.
func TestRow_RatiosArePairwise(t *testing.T) {
	base := rowOf("base", [2]int{20, 10}, [2]int{60, 20}) // 2 and 3 times the yardstick
	peer := rowOf("peer", [2]int{80, 20}, [2]int{60, 10}) // 4 and 6 times
	if got, want := peer.ratio(nil, cpu).String(), "5.00 [4.00–6.00]"; got != want {
		t.Errorf("ratio to the yardstick is %s, want %s", got, want)
	}
	if got, want := peer.ratio(base, cpu).String(), "2.00"; got != want {
		t.Errorf("ratio to the other row is %s, want %s", got, want)
	}
}

func TestTargets_AreMetMissedOrNotMeasured(t *testing.T) {
	hs256 := &table{name: "HS256 login", rows: []*row{
		rowOf(floor, [2]int{10, 10}), rowOf(tokengraft, [2]int{12, 10}), {name: nginxLua, err: missingError{"nginx is not installed", "Install it"}},
	}}
	es256 := &table{name: "ES256 login", rows: []*row{
		rowOf(floor, [2]int{10, 10}), rowOf(tokengraft, [2]int{12, 10}), rowOf(withLog, [2]int{12, 10}),
	}}
	f := &footprint{size: 25e6, ready: exactly(99), loaded: []loaded{{users: 100_000, memory: proc.Memory{Anonymous: 100 << 20}}}}
	verdicts := map[string]string{}
	for _, target := range targets([]*table{hs256, es256}, f) {
		verdicts[target.name] = target.verdict()
	}
	for name, want := range map[string]string{
		"HS256 login: tokengraft ÷ floor program":          "met",
		"ES256 login: tokengraft ÷ floor program":          "missed",
		"HS256 login: tokengraft ÷ nginx + Lua":            "not measured",
		"EdDSA login: tokengraft ÷ floor program":          "not measured",
		"ES256 login: tokengraft, access log ÷ tokengraft": "met",
		"start to ready":                                               "met",
		"size of the program, stripped":                                "missed",
		"resident memory, 100,000 users cached, under load":            "met",
		"no rule matches, 1 KB: tokengraft ÷ bare ReverseProxy, tuned": "not measured",
	} {
		if verdicts[name] != want {
			t.Errorf("%s: %q, want %q", name, verdicts[name], want)
		}
	}
}

func TestReplaceBlock_KeepsTheRestOfThePage(t *testing.T) {
	page := "# Page\n" + blockStart + "old\n" + blockEnd + "rest\n"
	got, err := replaceBlock(page, "new\n")
	if want := strings.Replace(page, "old", "new", 1); err != nil || got != want {
		t.Errorf("got %q and error %v, want %q", got, err, want)
	}
	if _, err := replaceBlock("# Page\n"+blockEnd+blockStart, "new\n"); err == nil {
		t.Error("a page with the markers in the wrong order is accepted")
	}
}

// The page and the file in results have the same tables.
func TestPage_HasTheResults(t *testing.T) {
	page, err := os.ReadFile("../../../docs/performance.md")
	if err != nil {
		t.Fatal(err)
	}
	results, err := os.ReadFile("../results/peers.md")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := replaceBlock(string(page), string(results)); err != nil || got != string(page) {
		t.Errorf("docs/performance.md does not have the tables of results/peers.md: make bench-peers writes both (%v)", err)
	}
}

func TestMissing_SaysWhatToInstall(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := find("no-such-proxy", "a-package")
	r := &row{name: "x", err: fmt.Errorf("starting: %w", err)}
	if !missing(r) || !strings.Contains(err.Error(), "apt-get install a-package") {
		t.Errorf("error is %v, want one that names the package", err)
	}
	if missing(&row{err: os.ErrNotExist}) {
		t.Error("any other error counts as a missing program")
	}
	if !math.IsNaN(r.ratio(nil, cpu).median) {
		t.Error("a row without measurements has a ratio")
	}
}
