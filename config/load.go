package config

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/tokengraft/tokengraft/internal/yamlbind"
)

// Default returns a configuration of nothing but defaults, for one that is made
// in Go: set its fields, then [Config.Validate] it.
func Default() *Config {
	c := &Config{}
	yamlbind.SetDefaults(c)
	return c
}

// Load reads, completes and checks the configuration file at path. Relative
// paths in it become relative to its folder, and secrets are read from the
// files that hold them. Variables are looked up with env, which is [os.LookupEnv]
// outside of tests.
//
// The error is [Faults], all of them at once, or that of a file that cannot be
// read, such as one that wraps [io/fs.ErrNotExist]. Faults may wrap it, too,
// for a file that the configuration names: look for Faults first.
func Load(path string, env func(string) (string, bool)) (*Config, error) {
	c, err := read(path, env)
	if err != nil {
		return nil, err
	}
	if err := faultsOf(c.file, c.report); err != nil {
		return nil, err
	}
	return c, nil
}

// AdminAddress returns where the sidecar of a configuration file is asked how it
// is, whatever else the file has wrong: one that runs goes on with what it had.
// It is empty where there is nowhere, or the file does not say.
func AdminAddress(path string, env func(string) (string, bool)) Address {
	c, err := read(path, env)
	if err != nil || slices.ContainsFunc(c.report.Faults(), func(f yamlbind.Fault) bool { return f.Path == "" || f.Path == "admin" }) {
		return ""
	}
	return c.Admin
}

// read is Load with what could be understood beside the faults. Its own error is
// that of the file.
func read(path string, env func(string) (string, bool)) (*Config, error) {
	source, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("configuration file: %w", err)
	}
	c := Default()
	c.file, c.report = path, yamlbind.NewReport()
	root := c.report.Parse(source)
	if root.Kind == yamlbind.Nothing && len(c.report.Faults()) > 0 {
		return c, nil // no YAML: what is missing in it says nothing
	}
	dir := filepath.Dir(path)
	b := yamlbind.Binder{Report: c.report, Env: env, Bound: func(scalar any) {
		if file, ok := scalar.(interface{ resolve(dir string) }); ok {
			file.resolve(dir)
		}
	}}
	b.Bind(withPreset(root, &b), c)
	c.sumUp(path, source)
	readSecrets(c, c.report)
	validate(c, c.report)
	return c, nil
}

// Fault returns a fault of the setting at path that shows only when it is put
// to use, with the place of the setting in the file. A path that is not in the
// file is blamed on the innermost section that is.
func (c *Config) Fault(path string, err error) FieldError {
	var at yamlbind.Place
	if c.report != nil {
		at = c.report.Find(path)
	}
	return FieldError{c.file, at.Line, at.Column, path, err}
}
