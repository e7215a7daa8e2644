package fault_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/tokengraft/tokengraft/internal/e2e"
)

// A measurement is what one fault did to the sidecar and its clients.
type measurement struct {
	fault
	waits         []time.Duration // what the fault added to each response
	recoveredIn   time.Duration
	before, after e2e.Usage
	skipped       bool
}

func printMeasured(measured []measurement) string {
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "WHERE\tFAULT\tPASS\tREFUSE\tCOUNTED\tADDED: MEDIAN\tMAX\tRECOVERED AFTER\tGOROUTINES\tFILES\tHEAP, MiB")
	for _, m := range measured {
		if m.waits == nil {
			continue
		}
		recovery := "–"
		if m.breaks.end != nil {
			recovery = round(m.recoveredIn)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d → %d\t%d → %d\t%.1f → %.1f\n",
			m.at.name, m.what, m.must.pass, m.must.refuse, cmp.Or(m.must.reason, "–"), round(median(m.waits)), round(slices.Max(m.waits)), recovery,
			m.before.Goroutines, m.after.Goroutines, m.before.Files, m.after.Files, mebibytes(m.before.Heap), mebibytes(m.after.Heap))
	}
	table.Flush()
	for i, m := range measured {
		if m.skipped {
			fmt.Fprintln(&text, "SKIPPED", faults[i].at.name+"/"+faults[i].what)
		}
	}
	return text.String()
}

func round(d time.Duration) string { return d.Round(time.Millisecond).String() }

func mebibytes(bytes int64) float64 { return float64(bytes) / (1 << 20) }

func median(durations []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(durations))
	return sorted[len(sorted)/2]
}
