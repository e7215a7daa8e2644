package config

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
)

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
	if err := c.report.err(); err != nil {
		return nil, err
	}
	return c, nil
}

// AdminAddress returns where the sidecar of a configuration file is asked how it
// is, whatever else the file has wrong: one that runs goes on with what it had.
// It is empty where there is nowhere, or the file does not say.
func AdminAddress(path string, env func(string) (string, bool)) Address {
	c, err := read(path, env)
	if err != nil || slices.ContainsFunc(c.report.faults, func(f FieldError) bool { return f.Path == "" || f.Path == "admin" }) {
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
	r := newReport(path)
	c := &Config{report: r}
	setDefaults(reflect.ValueOf(c).Elem())
	root := readYAML(source, r)
	if len(r.faults) > 0 && root.kind == kindNothing {
		return c, nil // no YAML: what is missing in it says nothing
	}
	b := binder{r, env, filepath.Dir(path)}
	b.value("", b.withPreset(root), field{}, reflect.ValueOf(c).Elem())
	c.sumUp(path, source)
	readSecrets(c, r)
	validate(c, r)
	return c, nil
}

// Fault returns a fault of the setting at path that shows only when it is put
// to use, with the place of the setting in the file. A path that is not in the
// file is blamed on the innermost section that is.
func (c *Config) Fault(path string, err error) FieldError {
	at := c.report.find(path)
	return FieldError{c.report.file, at.line, at.column, path, err}
}
