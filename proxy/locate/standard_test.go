package locate_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/proxy/locate"
)

// The page is for users. The list is what Restore does.
func TestStandardPlaces_AreDocumented(t *testing.T) {
	const name = "../../docs/configuration.md"
	page, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	places := locate.StandardPlaces()
	for place, source := range places {
		if row := fmt.Sprintf("| `%s` | %s |", place, source); !strings.Contains(string(page), row) {
			t.Errorf("%s does not have the row %s", name, row)
		}
	}
	_, table, _ := strings.Cut(string(page), "### Places that are known")
	table, _, _ = strings.Cut(table, "\n- ")
	if rows := strings.Count(table, "\n| `"); rows != len(places) {
		t.Errorf("%s has %d places, want %d", name, rows, len(places))
	}
}
