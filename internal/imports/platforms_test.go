package imports

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Releases are built for Linux and macOS, and the packages can be built for Windows. This
// only checks types, which takes a tenth of the time of a build.
func TestPlatforms_HaveWhatTheCodeUses(t *testing.T) {
	if testing.Short() {
		t.Skip("it has nothing for the race detector, and takes seconds")
	}
	for _, p := range []platform{{"darwin", "arm64", []string{"-test"}}, {"windows", "amd64", nil}} {
		if own := p.check(t); own < 50 {
			t.Errorf("%s: %d packages were checked, want all", p.os, own)
		}
	}
}

type platform struct {
	os, arch string
	flags    []string // of go list
}

// listed is a package as `go list` writes it.
type listed struct {
	ImportPath, Dir string
	GoFiles         []string
	ImportMap       map[string]string
	Module          *struct{ Main bool }
}

// check checks all packages. It returns how many of this repository there are.
func (p platform) check(t *testing.T) (own int) {
	t.Helper()
	cmd := exec.Command("go", append(append([]string{"list"}, p.flags...), "-deps", "-json=ImportPath,Dir,GoFiles,ImportMap,Module", "./...")...)
	cmd.Dir, cmd.Stderr = filepath.Join("..", ".."), t.Output()
	cmd.Env = append(os.Environ(), "GOOS="+p.os, "GOARCH="+p.arch, "CGO_ENABLED=0")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	files := token.NewFileSet()
	known := map[string]*types.Package{"unsafe": types.Unsafe}
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; { // what a package imports is before it
		var l listed
		if err := decoder.Decode(&l); err == io.EOF {
			return own
		} else if err != nil {
			t.Fatal(err)
		}
		if l.ImportPath == "unsafe" || strings.HasSuffix(l.ImportPath, ".test") {
			continue
		}
		isOwn := l.Module != nil && l.Module.Main
		if isOwn {
			own++
		}
		config := types.Config{
			IgnoreFuncBodies: !isOwn,
			Sizes:            types.SizesFor("gc", p.arch),
			Importer:         importer{known, l.ImportMap},
			Error: func(err error) {
				if isOwn {
					t.Errorf("%s/%s: %v", p.os, p.arch, err)
				}
			},
		}
		path, _, _ := strings.Cut(l.ImportPath, " ")
		known[l.ImportPath], _ = config.Check(path, files, l.parse(t, files), nil)
	}
}

func (l listed) parse(t *testing.T, files *token.FileSet) (parsed []*ast.File) {
	for _, name := range l.GoFiles {
		file, err := parser.ParseFile(files, filepath.Join(l.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		parsed = append(parsed, file)
	}
	return parsed
}

// An importer finds packages that were checked before.
type importer struct {
	known map[string]*types.Package
	names map[string]string // the name of a package by the path in the import
}

// Import implements [types.Importer].
func (i importer) Import(path string) (*types.Package, error) {
	if name, ok := i.names[path]; ok {
		path = name
	}
	if p := i.known[path]; p != nil {
		return p, nil
	}
	return nil, errors.New(path + " is not in the list")
}
