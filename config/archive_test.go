package config_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// An archive has the files of a txtar file. The first member has no name: it is the
// comment above the files.
type archive []member

type member struct{ name, data string }

var marker = regexp.MustCompile(`(?m)^-- (.+) --\n`)

func parseArchive(content string) archive {
	var a archive
	name, from := "", 0
	for _, at := range marker.FindAllStringSubmatchIndex(content, -1) {
		a = append(a, member{name, content[from:at[0]]})
		name, from = content[at[2]:at[3]], at[1]
	}
	return append(a, member{name, content[from:]})
}

func open(t testing.TB, name string) archive {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return parseArchive(string(content))
}

func (a archive) String() string {
	var out strings.Builder
	for _, m := range a {
		if m.name != "" {
			out.WriteString("-- " + m.name + " --\n")
		}
		out.WriteString(m.data)
	}
	return out.String()
}

// section returns the data of a member, or "" if there is none.
func (a archive) section(name string) string {
	for _, m := range a {
		if m.name == name {
			return m.data
		}
	}
	return ""
}

// extract writes the files to a new folder.
func (a archive) extract(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, m := range a[1:] {
		if err := os.WriteFile(filepath.Join(dir, m.name), []byte(m.data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
