package backends_test

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/e2e"
)

var update = flag.Bool("update", false, "write the table of what is run into docs/backends.md")

func TestBackendsPage_HasTheTableOfWhatIsRun(t *testing.T) {
	e2e.CheckTable(t, "../../../docs/backends.md", "backends", pageTable(), *update)
}

func pageTable() string {
	var table strings.Builder
	table.WriteString("| backend | settings | flow | verifiers |\n| --- | --- | --- | --- |\n")
	for _, r := range rows {
		fmt.Fprintf(&table, "| %s | %s | %s | %s |\n", strings.Join(names(r.backend), ", "), r.settings, r.flow, strings.Join(append([]string{"the backend"}, names(r.verifiers)...), ", "))
	}
	return table.String()
}

func names(parts []part) []string {
	all := make([]string, len(parts))
	for i, p := range parts {
		all[i] = p.String()
	}
	return all
}

// printed returns the results of the rows, with the versions that are installed here.
func printed(results []string) string {
	var table strings.Builder
	var missing []string
	for i, r := range rows {
		fmt.Fprintf(&table, "%-8s %s: %s: %s", results[i], strings.Join(names(r.backend), ", "), r.settings, r.flow)
		for _, p := range r.parts() {
			switch version := p.installed(); {
			case version == "":
				missing = append(missing, p.pkg)
			case version != p.version:
				fmt.Fprintf(&table, "; here %s is %s", p.name, version)
			}
		}
		table.WriteByte('\n')
	}
	if slices.Sort(missing); len(missing) > 0 {
		fmt.Fprintf(&table, "SKIPPED ROWS WERE NOT TESTED: apt-get install --no-install-recommends %s\n", strings.Join(slices.Compact(missing), " "))
	}
	return table.String()
}
