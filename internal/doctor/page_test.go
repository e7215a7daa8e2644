package doctor_test

import (
	"flag"
	"fmt"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/doctor"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

var update = flag.Bool("update", false, "write the table of checks into docs/doctor.md")

// The page has all checks.
func TestPage_HasAllChecks(t *testing.T) {
	var table strings.Builder
	table.WriteString("| check | is ok if |\n| --- | --- |\n")
	for _, check := range doctor.Checks() {
		fmt.Fprintf(&table, "| `%s` | %s |\n", check.Name, check.Promise)
	}
	e2e.CheckTable(t, "../../docs/doctor.md", "checks", table.String(), *update)
}
