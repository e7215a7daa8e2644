package sidecar

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/internal/jsonvalue"
)

// decisivePaths returns the paths of the document that a rule expression reads: in forward,
// in access.roles and in the config.json of functions. The empty path is the whole
// document. The error is a [config.FieldError].
func decisivePaths(cfg *config.Config) ([]string, error) {
	var paths []string
	for i := range cfg.Forward {
		if cfg.Forward[i].Allow == "" {
			continue
		}
		allow, err := cfg.Forward[i].Allow.Parse()
		if err != nil {
			return nil, err
		}
		paths = append(paths, allow.CustomDataPaths()...)
	}
	if cfg.Access.Roles != "" {
		found, err := pathsInFile(string(cfg.Access.Roles))
		if err != nil {
			return nil, cfg.Fault("access.roles", err)
		}
		paths = append(paths, found...)
	}
	if cfg.Access.Functions {
		found, err := pathsInFunctions(string(cfg.Functions.Dir))
		if err != nil {
			return nil, cfg.Fault("functions.dir", err)
		}
		paths = append(paths, found...)
	}
	slices.Sort(paths)
	return slices.Compact(paths), nil
}

// pathsInFunctions returns the paths in each config.json of a directory.
func pathsInFunctions(dir string) (paths []string, err error) {
	err = fs.WalkDir(os.DirFS(dir), ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || path.Base(file) != "config.json" {
			return err
		}
		found, err := pathsInFile(filepath.Join(dir, filepath.FromSlash(file)))
		paths = append(paths, found...)
		return err
	})
	return paths, err
}

func pathsInFile(file string) ([]string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	v, err := jsonvalue.Parse(text)
	return expansionsIn(v), err
}

// expansionsIn returns the paths of all expansions of custom data in a value, whether they
// are names or strings.
func expansionsIn(v jsonvalue.Value) (paths []string) {
	add := func(expansion string) {
		if path, ok := strings.CutPrefix(expansion, customData); ok {
			paths = append(paths, strings.TrimPrefix(path, "."))
		} else if expansion == wholeUser {
			paths = append(paths, "")
		}
	}
	add(v.Text())
	for _, m := range v.Members() {
		add(m.Name)
		paths = append(paths, expansionsIn(m.Value)...)
	}
	for _, item := range v.Items() {
		paths = append(paths, expansionsIn(item)...)
	}
	return paths
}

const (
	customData = "%%user.custom_data"
	wholeUser  = "%%user" // as an argument of a function, with all custom data
)
