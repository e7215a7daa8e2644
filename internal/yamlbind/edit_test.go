package yamlbind_test

import (
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/yamlbind"
)

func TestEdit_KeepsEverythingElse(t *testing.T) {
	set := func(path string, value any) yamlbind.Change { return yamlbind.Change{Path: path, Value: value} }
	for name, test := range map[string]struct {
		before  string
		changes []yamlbind.Change
		after   string
	}{
		"a value":                {"# top\na: 1 # why\nb: 'x' # too\n", []yamlbind.Change{set("b", "v")}, "# top\na: 1 # why\nb: v # too\n"},
		"a boolean":              {"a: true\n", []yamlbind.Change{set("a", false)}, "a: false\n"},
		"a number":               {"a: 12\n", []yamlbind.Change{set("a", 4096.0)}, "a: 4096\n"},
		"text that is a word":    {"a: x\n", []yamlbind.Change{set("a", "true")}, "a: \"true\"\n"},
		"text with a variable":   {"a: x\n", []yamlbind.Change{set("a", "${HOME}")}, "a: \"$${HOME}\"\n"},
		"text with a comment":    {"a: x\n", []yamlbind.Change{set("a", "b # c")}, "a: \"b # c\"\n"},
		"no end of line":         {"a: x", []yamlbind.Change{set("b", "v")}, "a: x\nb: v\n"},
		"line ends of Windows":   {"a: x\r\nc:\r\n  d: 1\r\n", []yamlbind.Change{set("a", "v"), set("c.e", "z")}, "a: v\r\nc:\r\n  d: 1\r\n  e: z\r\n"},
		"in a section":           {"c:\n    d: 1 # one\n\n# next\ne: 2\n", []yamlbind.Change{set("c.f", "z")}, "c:\n    d: 1 # one\n    f: z\n\n# next\ne: 2\n"},
		"in an empty section":    {"c:\n  # d: 1\ne: 2\n", []yamlbind.Change{set("c.f", "z")}, "c:\n  # d: 1\n  f: z\ne: 2\n"},
		"a missing section":      {"a: 1\n", []yamlbind.Change{set("c.d.e", "z")}, "a: 1\nc:\n  d:\n    e: z\n"},
		"in braces":              {"c: {d: 1, e: \"}\"} # c\n", []yamlbind.Change{set("c.d", "2"), set("c.f.g", "z")}, "c: {d: \"2\", e: \"}\", f: {g: z}} # c\n"},
		"in empty braces":        {"c: {}\n", []yamlbind.Change{set("c.f", "z")}, "c: {f: z}\n"},
		"in braces on lines":     {"c: {\n  d: 1,\n  e: 2, # two\n}\n", []yamlbind.Change{set("c.d", "x")}, "c: {\n  d: x,\n  e: 2, # two\n}\n"},
		"remove":                 {"a: 1\nb: 2 # gone\nc: 3\n", []yamlbind.Change{set("b", nil)}, "a: 1\nc: 3\n"},
		"remove a section":       {"a: 1\nb:\n  # d\n  c: 2\ne: 3\n", []yamlbind.Change{set("b.c", nil)}, "a: 1\nb:\n  # d\ne: 3\n"},
		"remove from braces":     {"c: {d: 1, e: 2, f: 3}\n", []yamlbind.Change{set("c.d", nil), set("c.f", nil)}, "c: {e: 2}\n"},
		"remove what is not":     {"a: 1\n", []yamlbind.Change{set("b.c", nil)}, "a: 1\n"},
		"remove a list":          {"a:\n- x\n- y\nb: 1\n", []yamlbind.Change{set("a", nil)}, "b: 1\n"},
		"a list in brackets":     {"a: [x, v] # list\n", []yamlbind.Change{set("a", []string{"v", "z z"})}, "a: [v, \"z z\"] # list\n"},
		"a list of lines":        {"a:\n  # about x\n  - x # is x\n  - y\n  # end\nb: 1\n", []yamlbind.Change{set("a", []string{"z", "x"})}, "a:\n  - z\n  # about x\n  - x # is x\n  # end\nb: 1\n"},
		"a list below its key":   {"c:\n  a:\n  - x\n  - y\n  b: 1\n", []yamlbind.Change{set("c.a", []string{"y"})}, "c:\n  a:\n  - y\n  b: 1\n"},
		"an empty list":          {"a:\n  - x\nb: 1\n", []yamlbind.Change{set("a", []string{})}, "a: []\nb: 1\n"},
		"a new list":             {"a: 1\n", []yamlbind.Change{set("b", []string{"x.y", "_id"})}, "a: 1\nb: [x.y, _id]\n"},
		"a value that is empty":  {"a: # why\nb: 1\n", []yamlbind.Change{set("a", "x")}, "a: x # why\nb: 1\n"},
		"behind block text":      {"a: 1\nb:\n  c: |\n    # text\n", []yamlbind.Change{set("b.d", "x")}, "a: 1\nb:\n  c: |\n    # text\n  d: x\n"},
		"quoted keys":            {"\"a\": 1\n'b': 2\n", []yamlbind.Change{set("a", "x"), set("b", "v")}, "\"a\": x\n'b': v\n"},
		"a byte order mark":      {"\ufeffa: 1\n", []yamlbind.Change{set("a", "x")}, "\ufeffa: x\n"},
		"an empty file":          {"", []yamlbind.Change{set("a.b", true)}, "a:\n  b: true\n"},
		"a character of 4 bytes": {"c: {d: 😀, e: 1}\n", []yamlbind.Change{set("c.e", "x")}, "c: {d: 😀, e: x}\n"},
	} {
		t.Run(name, func(t *testing.T) {
			after, err := yamlbind.Edit([]byte(test.before), test.changes...)
			if err != nil || string(after) != test.after {
				t.Errorf("got %q, %v\nwant %q", after, err, test.after)
			}
		})
	}
}

func TestEdit_RefusesWhatItCannotKeep(t *testing.T) {
	for name, before := range map[string]string{
		"an anchor":                "base: &base {b: 1}\na: *base\n",
		"merged keys":              "base: &base\n  b: 1\na:\n  <<: *base\n",
		"an anchor at the value":   "a: {b: &x 1}\nc: *x\n",
		"a scalar in its place":    "a: true\n",
		"block text":               "a:\n  b: |\n    x\n",
		"comments in brackets":     "a:\n  b: [x, # one\n    y]\n",
		"a file with faults":       "a: [\n",
		"a value on further lines": "a:\n  b: x\n    y\n",
	} {
		t.Run(name, func(t *testing.T) {
			if after, err := yamlbind.Edit([]byte(before), yamlbind.Change{Path: "a.b", Value: "new"}); err == nil {
				t.Errorf("got %q, want an error", after)
			} else if !strings.Contains(err.Error(), "by hand") {
				t.Errorf("the error does not say what to do: %v", err)
			}
		})
	}
}

// An edit of any file changes the asked setting to the asked value, and nothing
// else.
func FuzzEdit(f *testing.F) {
	f.Add("a: 1\nb: {c: x, d: [y]} # z\n", "b.c", "v: #")
	f.Add("a:\n  b:\n  - x\n  # c\n  - 'y'\n", "a.b", "")
	f.Add("a: |\n  x\nb: &b {c: 1}\nd: *b\n", "d.c", "\n\"'")
	f.Fuzz(func(t *testing.T, source, path, value string) {
		for _, change := range []any{value, []string{value, "x"}, nil} {
			after, err := yamlbind.Edit([]byte(source), yamlbind.Change{Path: path, Value: change})
			if err != nil {
				if after != nil {
					t.Fatalf("an error and a text: %q", after)
				}
				continue
			}
			again, err := yamlbind.Edit(after, yamlbind.Change{Path: path, Value: change})
			if err == nil && string(again) != string(after) {
				t.Errorf("%q\nbecame %q\nand then %q", source, after, again)
			}
			checkOthers(t, source, string(after), path)
		}
	})
}

// checkOthers checks that two texts have the same top-level settings, apart from the one
// in which path is.
func checkOthers(t *testing.T, before, after, path string) {
	key, _, _ := strings.Cut(path, ".")
	a, b := yamlbind.NewReport().Parse([]byte(before)), yamlbind.NewReport().Parse([]byte(after))
	for _, p := range a.Pairs {
		if other := b.Get(p.Key); p.Key != key && (other == nil || other.Kind != p.Value.Kind || other.Text != p.Value.Text) {
			t.Errorf("%q\nbecame %q: %s has changed", before, after, p.Key)
		}
	}
}
