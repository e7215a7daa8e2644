package fault_test

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the table of faults into docs/failures.md")

func TestFailuresPage_HasTheTableOfFaults(t *testing.T) {
	const name, begin, end = "../../../docs/failures.md", "<!-- faults -->\n", "<!-- /faults -->"
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, opened := strings.Cut(string(content), begin)
	got, after, closed := strings.Cut(rest, end)
	if !opened || !closed {
		t.Fatalf("no table of faults in %s: it needs the lines %q and %q", name, begin, end)
	}
	want := faultsTable(faults)
	if got == want {
		return
	}
	if !*update {
		t.Fatalf("the table of faults in %s is not current, run: make settings\n%s", name, firstDifference(got, want))
	}
	if err := os.WriteFile(name, []byte(before+begin+want+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

// faultsTable returns the table of promises in Markdown. Faults at the same place with
// the same promise share a row.
func faultsTable(faults []fault) string {
	var rows []string
	whats := map[string][]string{}
	for _, f := range faults {
		row := fmt.Sprintf("| %s | %%s | %s | %s | %s | %s | %s |\n", f.at.name, f.must.pass, f.must.refuse, f.counted(), cmp.Or(f.must.wait, "–"), f.recovers())
		if whats[row] == nil {
			rows = append(rows, row)
		}
		whats[row] = append(whats[row], f.what)
	}
	var table strings.Builder
	table.WriteString("| where | fault | the client gets under `pass` | under `refuse` | counted as | extra wait, at most | after the fault |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	for _, row := range rows {
		fmt.Fprintf(&table, row, strings.Join(whats[row], "; "))
	}
	return table.String()
}

func (f fault) counted() string {
	if f.must.reason == "" {
		return "–"
	}
	return "`" + f.must.reason + "`"
}

// recovers says how soon the sidecar recovers after the fault.
func (f fault) recovers() string {
	switch {
	case f.breaks.end == nil:
		return "–"
	case f.must.recovery == 0:
		return "recovers at once"
	}
	return fmt.Sprintf("recovers within %d s", f.must.recovery/time.Second)
}

// firstDifference shows the first line in which two tables differ.
func firstDifference(got, want string) string {
	gots, wants := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(gots), len(wants)) {
		if gots[i] != wants[i] {
			return "got:  " + gots[i] + "\nwant: " + wants[i]
		}
	}
	return fmt.Sprintf("got %d lines, want %d", len(gots), len(wants))
}
