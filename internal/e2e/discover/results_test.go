package discover_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"

	"github.com/tokengraft/tokengraft/internal/e2e"
)

// results are the rows of the table.
type results struct {
	mu   sync.Mutex
	rows []*run
}

func (s *results) add(r *run) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows = append(s.rows, r)
}

// print prints how many edits by hand each way needed, and how long it took.
func (s *results) print(t *testing.T) {
	slices.SortFunc(s.rows, func(a, b *run) int { return strings.Compare(a.b.name+a.way, b.b.name+b.way) })
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "backend\tway\tedits\twhy\ttimes")
	for _, r := range s.rows {
		var why []string
		for _, e := range r.edits {
			why = append(why, e.why)
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\n", r.b.name, r.way, len(r.edits), strings.Join(why, "; "), strings.Join(r.phases, ", "))
	}
	w.Flush()
	e2e.PrintTable(t, "discovered backends", text.String())
}
