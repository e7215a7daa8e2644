package config_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/manual"
)

func TestTestdata_HasEverySetting(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, name := range archives {
		all.WriteString(open(t, name).section(file))
	}
	comments, err := manual.ReadComments(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, setting := range manual.Settings(comments) {
		key := setting.Path[strings.LastIndex(setting.Path, ".")+1:]
		if !regexp.MustCompile(`\b` + regexp.QuoteMeta(key) + `"?:`).MatchString(all.String()) {
			t.Errorf("no configuration in config/testdata has %s. Add it to full.txtar, with a value other than the default, and run: go test ./config -update", setting.Path)
		}
	}
}

// compare checks one section of the expected result. With -update it replaces both
// sections.
func compare(t *testing.T, name string, a archive, want, got string) {
	t.Helper()
	if *update {
		a = slices.DeleteFunc(a, func(m member) bool { return m.name == "faults" || m.name == "settings" })
		a = append(a, member{want, got})
		if err := os.WriteFile(filepath.Join(home, name), []byte(a.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if wanted := a.section(want); got != wanted {
		t.Errorf("%s: %s differ. If the new ones are right, run: go test ./config -update\n%s\nof\n%s", name, want, differentLines(got, wanted), a.section(file))
	}
}

// differentLines returns the lines that only one of two texts has.
func differentLines(got, want string) string {
	var different strings.Builder
	gots, wants := strings.SplitAfter(got, "\n"), strings.SplitAfter(want, "\n")
	for _, line := range gots {
		if !slices.Contains(wants, line) {
			different.WriteString("got:  " + line)
		}
	}
	for _, line := range wants {
		if !slices.Contains(gots, line) {
			different.WriteString("want: " + line)
		}
	}
	if different.Len() == 0 {
		return "got the same lines in another order:\n" + got
	}
	return different.String()
}
