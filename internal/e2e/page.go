package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/manual"
)

// CheckTable fails the test unless a page has the table between the lines
// <!-- NAME --> and <!-- /NAME -->. With update it writes the table into the page.
func CheckTable(t testing.TB, page, name, table string, update bool) {
	t.Helper()
	content, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	want, err := manual.Insert(string(content), name, table)
	if err != nil {
		t.Fatalf("%s: %v", page, err)
	}
	got := string(content)
	if got == want {
		return
	}
	if !update {
		t.Fatalf("the table of %s in %s is not current, run: make settings\n%s", name, page, FirstDifference(got, want))
	}
	if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// FirstDifference returns the first line in which two texts differ.
func FirstDifference(got, want string) string {
	gots, wants := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(gots), len(wants)) {
		if gots[i] != wants[i] {
			return "got:  " + gots[i] + "\nwant: " + wants[i]
		}
	}
	return fmt.Sprintf("got %d lines, want %d", len(gots), len(wants))
}
