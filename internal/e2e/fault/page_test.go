package fault_test

import (
	"cmp"
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/internal/e2e"
)

var update = flag.Bool("update", false, "write the table of faults into docs/failures.md")

func TestFailuresPage_HasTheTableOfFaults(t *testing.T) {
	e2e.CheckTable(t, "../../../docs/failures.md", "faults", faultsTable(faults), *update)
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
