package sidecar_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/config"
)

// A field of the configuration that no code outside config reads has no effect.
func TestSettings_HaveAnEffect(t *testing.T) {
	read := fieldsRead(t, "../..")
	var check func(path string, of reflect.Type)
	check = func(path string, of reflect.Type) {
		for of.Kind() == reflect.Slice || of.Kind() == reflect.Pointer {
			of = of.Elem()
		}
		if of.Kind() != reflect.Struct || of.PkgPath() != reflect.TypeFor[config.Config]().PkgPath() {
			return
		}
		for field := range of.Fields() {
			if !field.IsExported() || strings.HasSuffix(field.Name, "File") || field.Name == "Preset" {
				continue // config reads secrets from files, and presets
			}
			if !read[field.Name] {
				t.Errorf("no code outside config reads %s.%s: hand it to the part that acts on it, in generation.go or sidecar.go", path, field.Name)
			}
			check(path+"."+field.Name, field.Type)
		}
	}
	check("config.Config", reflect.TypeFor[config.Config]())
}

var selector = regexp.MustCompile(`\.([A-Z]\w*)`)

// fieldsRead returns every exported name after a dot in the code below a directory,
// except in tests and in config.
func fieldsRead(t *testing.T, root string) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (path == "config" || path == ".git" || path == "examples") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(filepath.Join(root, path))
		for _, name := range selector.FindAllStringSubmatch(string(text), -1) {
			names[name[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
