package prose_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tokengraft/tokengraft/internal/prose"
)

func rules(t *testing.T) []prose.Rule {
	t.Helper()
	rules, err := prose.Rules()
	if err != nil {
		t.Fatalf("Rules() = %v, want rules", err)
	}
	return rules
}

// plant puts words that the rules name into a text. This file must not have them.
func plant(text string) string {
	return strings.NewReplacer("BAD", "a"+"new", "H_D", "h"+"ad").Replace(text)
}

// check returns the faults of one file, with words planted.
func check(t *testing.T, name, content string) []prose.Fault {
	t.Helper()
	fsys := fstest.MapFS{name: {Data: []byte(plant(content))}}
	faults, err := prose.Check(fsys, rules(t), ".")
	if err != nil {
		t.Fatalf("Check of %s: %v\n%s", name, err, content)
	}
	return faults
}

func TestRules_EachFindsItsExample(t *testing.T) {
	all := rules(t)
	if len(all) < 40 {
		t.Fatalf("Rules() has %d rules, want all of rules.txt", len(all))
	}
	for _, rule := range all {
		fsys := fstest.MapFS{"page.md": {Data: []byte(rule.Example)}}
		faults, err := prose.Check(fsys, []prose.Rule{rule}, ".")
		if err != nil || len(faults) != 1 {
			t.Errorf("Check(%q) = %v, %v, want one fault: %s", rule.Example, faults, err, rule.Instead)
		}
	}
}

func TestRules_LeavePlainEnglishAlone(t *testing.T) {
	for _, sentence := range []string{
		"There is no document for this user.",
		"The key is no longer published.",
		"It takes at least a minute.",
		"The header is over the limit.",
		"At the least recently used end it drops an entry.",
		"An … stands for anything within a line.",
		"What happens when MongoDB is down?",
		"Delete it, and remove it from the list.",
		"The sidecar restarts and uses the new key.",
	} {
		if faults := check(t, "page.md", sentence); len(faults) > 0 {
			t.Errorf("Check(%q) = %v, want no fault", sentence, faults)
		}
	}
}

// A planted word is found wherever prose can be, with its line.
func TestCheck_FindsAPlantedWord(t *testing.T) {
	for _, test := range []struct {
		where, name, content string
		line                 int
	}{
		{"a comment", "a.go", "package a\n\n// A is read\n// BAD.\nvar A int\n", 4},
		{"a comment after code", "a.go", "package a\n\nvar A int // read BAD\n", 3},
		{"a string", "a.go", "package a\n\nvar A = \"it is read BAD\"\n", 3},
		{"a raw string", "a.go", "package a\n\nvar A = `one\ntwo\nit is read BAD`\n", 5},
		{"a test", "a_test.go", "package a\n\n// It is read BAD.\n", 3},
		{"a paragraph", "a.md", "# Title\n\nIt is read\nBAD.\n", 4},
		{"a heading", "a.md", "# Read BAD\n", 1},
		{"a table", "a.md", "| a | b |\n| --- | --- |\n| x | BAD |\n", 3},
		{"the second line of a list item", "a.md", "- One\n  read BAD\n", 2},
		{"words across two lines", "a.md", "The keys have been\nH_D.\n", 1},
		{"YAML", "a.yaml", "a: 1 # read BAD\n", 1},
		{"a Makefile", "Makefile", "# Read BAD.\nall:\n", 1},
		{"a walkthrough", "a.txtar", "# Read BAD.\nexec x\n-- f --\n# BAD\n", 1},
	} {
		faults := check(t, test.name, test.content)
		if len(faults) != 1 || faults[0].Line != test.line {
			t.Errorf("%s: Check(%q) = %v, want one fault in line %d", test.where, test.content, faults, test.line)
		}
	}
}

func TestCheck_LeavesCodeAlone(t *testing.T) {
	for name, content := range map[string]string{
		"import.go":  "package a\n\nimport _ \"BAD BAD\"\n",
		"tag.go":     "package a\n\ntype T struct {\n\tA int `default:\"read BAD\"`\n}\n",
		"word.go":    "package a\n\nvar A = \"BAD\"\n",
		"code.go":    "package a\n\n// A shows:\n//\n//\tread BAD\nvar A int\n",
		"fence.md":   "```\nread BAD\n```\n",
		"inline.md":  "Call `BAD` to start.\n",
		"link.md":    "See [this](read-BAD.md).\n",
		"comment.md": "<!-- read\nBAD -->\n",
		"value.yaml": "a: read BAD\n",
		"other.json": "\"read BAD\"",
	} {
		if faults := check(t, name, content); len(faults) > 0 {
			t.Errorf("Check(%s: %q) = %v, want no fault", name, content, faults)
		}
	}
}

func TestFault_SaysWhatToWrite(t *testing.T) {
	got := check(t, "a.md", "BAD.")
	want := plant(`a.md:1: "BAD": write instead: again, restart`)
	if len(got) != 1 || got[0].String() != want {
		t.Errorf("Check = %v, want %s", got, want)
	}
}

func TestStrings_AreThoseOfTheProgram(t *testing.T) {
	file := func(text string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte("package a\n\nvar A = \"" + text + "\"\n")}
	}
	texts, err := prose.Strings(fstest.MapFS{
		"a/a.go":          file("the key has expired"),
		"a/word.go":       file("expired"),
		"a/a_test.go":     file("of a test"),
		"examples/a/a.go": file("of an example"),
		"a/atest/a.go":    file("of a test package"),
	}, ".")
	if err != nil || len(texts) != 1 || texts[0].String() != "the key has expired" || texts[0].Line() != 3 {
		var got []string
		for _, text := range texts {
			got = append(got, text.String())
		}
		t.Errorf("Strings() = %q, %v, want that of a/a.go alone", strings.Join(got, "; "), err)
	}
}
