package docs_test

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
)

var (
	law      = regexp.MustCompile(`(?ms)^- \*\*([A-I]\d+)\..*?(\n\n|\n- |\z)`)
	testName = regexp.MustCompile("`((?:Test|Fuzz)\\w+)`")
	testFunc = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	citation = regexp.MustCompile(`\blaws? ([A-I]\d+)(?:(?:,| and) ([A-I]\d+))*`)
)

// TestLaws_AreHeldByTests checks that each law names tests, and that they exist.
func TestLaws_AreHeldByTests(t *testing.T) {
	tests := map[string]bool{}
	eachGoFile(t, func(_, text string) {
		for _, name := range testFunc.FindAllStringSubmatch(text, -1) {
			tests[name[1]] = true
		}
	})
	laws := lawTexts(t)
	if len(laws) < 40 {
		t.Fatalf("laws.md has %d laws, want all of A1 to I10", len(laws))
	}
	for number, text := range laws {
		names := testName.FindAllStringSubmatch(text, -1)
		if len(names) == 0 {
			t.Errorf("law %s names no test, want one at least", number)
		}
		for _, name := range names {
			if !tests[name[1]] {
				t.Errorf("law %s names %s, and there is no such test", number, name[1])
			}
		}
	}
}

// TestLaws_CitedInCodeExist checks that comments cite only laws of laws.md.
func TestLaws_CitedInCodeExist(t *testing.T) {
	laws, cited := lawTexts(t), 0
	eachGoFile(t, func(name, text string) {
		for _, numbers := range citation.FindAllStringSubmatch(text, -1) {
			for _, number := range numbers[1:] {
				if number != "" && laws[number] == "" {
					t.Errorf("%s cites law %s, which laws.md does not have", name, number)
				}
				cited++
			}
		}
	})
	if cited == 0 {
		t.Error("found no citation of a law in the code, want some")
	}
}

// lawTexts returns the text of each law by its number.
func lawTexts(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	page := read(t, "docs/design/laws.md")
	// Each law ends where the next starts, so they are cut one by one.
	for {
		at := law.FindStringSubmatchIndex(page)
		if at == nil {
			return texts
		}
		texts[page[at[2]:at[3]]] = page[at[0]:at[4]]
		page = page[at[4]:]
	}
}

// eachGoFile calls do with every Go file of the repository.
func eachGoFile(t *testing.T, do func(name, text string)) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(name, ".go") {
			return err
		}
		do(name, read(t, name))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestPages_StayShort holds the pages that a stranger reads first to a length that
// is read to its end.
func TestPages_StayShort(t *testing.T) {
	for name, most := range map[string]int{"README.md": 12_000, "ARCHITECTURE.md": 8_000} {
		if size := len(read(t, name)); size > most {
			t.Errorf("%s has %d bytes, want at most %d: move details to docs/", name, size, most)
		}
	}
}
