package sidecar

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/internal/jsonvalue"
)

// An expansion is one that a setting or its file has, such as %%user.id.
type expansion struct {
	setting string
	file    string // "" for the setting itself
	name    string // with its percent signs
}

// ruleExpansions returns the expansions in all rule expressions: in forward, in
// access.roles and in the config.json of functions. The error is a [config.FieldError].
func ruleExpansions(cfg *config.Config) (all []expansion, err error) {
	add := func(setting, file string, text []byte) error {
		v, err := jsonvalue.Parse(bytes.TrimPrefix(text, []byte("\ufeff")))
		if err != nil {
			return cfg.Fault(setting, err)
		}
		for _, name := range expansionsIn(v) {
			all = append(all, expansion{setting, file, name})
		}
		return nil
	}
	for i, f := range cfg.Forward {
		if f.Allow == "" {
			continue
		}
		if err := add(fmt.Sprintf("forward[%d].allow", i), "", []byte(f.Allow)); err != nil {
			return nil, err
		}
	}
	for _, file := range ruleFiles(cfg) {
		text, err := os.ReadFile(file.name)
		if err != nil {
			return nil, cfg.Fault(file.setting, err)
		}
		if err := add(file.setting, file.name, text); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// A ruleFile is a file with rule expressions, and the setting that it is of.
type ruleFile struct{ setting, name string }

// ruleFiles returns the files with rule expressions. Opening the functions reports a
// directory that cannot be read.
func ruleFiles(cfg *config.Config) (files []ruleFile) {
	if cfg.Access.Roles != "" {
		files = append(files, ruleFile{"access.roles", string(cfg.Access.Roles)})
	}
	if !cfg.Access.Functions {
		return files
	}
	dir := string(cfg.Functions.Dir)
	_ = fs.WalkDir(os.DirFS(dir), ".", func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil
		case entry.IsDir() && entry.Name() == "node_modules":
			return fs.SkipDir
		case !entry.IsDir() && path.Base(file) == "config.json":
			files = append(files, ruleFile{"functions.dir", filepath.Join(dir, filepath.FromSlash(file))})
		}
		return nil
	})
	return files
}

// headerExpansions returns the values of the headers about users, each as an expansion.
func headerExpansions(cfg *config.Config) (all []expansion) {
	for i, f := range cfg.Forward {
		for _, name := range slices.Sorted(maps.Keys(f.Headers)) {
			all = append(all, expansion{setting: fmt.Sprintf("forward[%d].headers.%s", i, name), name: f.Headers[name]})
		}
	}
	return all
}

// expansionsIn returns all expansions in a value, whether they are names or strings.
func expansionsIn(v jsonvalue.Value) (all []string) {
	add := func(text string) {
		if strings.HasPrefix(text, "%%") {
			all = append(all, text)
		}
	}
	add(v.Text())
	for _, m := range v.Members() {
		add(m.Name)
		all = append(all, expansionsIn(m.Value)...)
	}
	for _, item := range v.Items() {
		all = append(all, expansionsIn(item)...)
	}
	return all
}
