package config

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/tokengraft/tokengraft/internal/yamlbind"
)

// Default returns a configuration with all defaults, to start one that is made in
// Go. Set its fields, then call [Config.Validate].
func Default() *Config {
	c := &Config{}
	yamlbind.SetDefaults(c)
	return c
}

// Load reads, completes and checks the configuration file at path. It resolves
// relative paths against the folder of the file, and reads secrets from the files
// that contain them. It looks up variables with env, which is normally
// [os.LookupEnv] and must not be nil.
//
// The error is [Faults], or says why the file itself cannot be read, and may wrap
// [io/fs.ErrNotExist]. Faults can wrap that too, for a file that the configuration
// names, so check for Faults first.
func Load(path string, env func(string) (string, bool)) (*Config, error) {
	c, err := read(path, env)
	if err != nil {
		return nil, err
	}
	return c.checked()
}

// Stdin is the name of a configuration that [Parse] reads, in faults.
const Stdin = "<stdin>"

// Parse is [Load] for the text of a configuration that is in no file. Relative paths
// are relative to the working directory. In faults the configuration has the name
// [Stdin], and [Config.File] returns it.
func Parse(text []byte, env func(string) (string, bool)) (*Config, error) {
	c := parse(Stdin, text, env)
	return c.checked()
}

// ParseAs is [Load] for a text that is not in the file at path yet. Of the files that the
// text names, it reads those with secrets, and the checksums of all.
func ParseAs(path string, text []byte, env func(string) (string, bool)) (*Config, error) {
	return parse(path, text, env).checked()
}

// checked returns the configuration, or its faults.
func (c *Config) checked() (*Config, error) {
	if err := faultsOf(c.file, c.report); err != nil {
		return nil, err
	}
	return c, nil
}

// read is Load, but returns the configuration even if it has faults. Its error says
// why the file cannot be read.
func read(path string, env func(string) (string, bool)) (*Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("configuration file: %w", err)
	}
	return parse(path, text, env), nil
}

// parse returns the configuration in a text, even if it has faults.
func parse(path string, source []byte, env func(string) (string, bool)) *Config {
	c := Default()
	c.file, c.report = path, yamlbind.NewReport()
	root := c.report.Parse(source)
	if root.Kind == yamlbind.Nothing && len(c.report.Faults()) > 0 {
		return c // invalid YAML: missing settings are not worth reporting
	}
	dir := filepath.Dir(path)
	b := yamlbind.Binder{Report: c.report, Env: env, Bound: func(scalar any) {
		if file, ok := scalar.(interface{ resolve(dir string) }); ok {
			file.resolve(dir)
		}
	}}
	b.Bind(withPreset(root, &b), c)
	c.recordSums(path, source)
	readSecrets(c, c.report)
	validate(c, c.report)
	return c
}

// Fault returns err as a fault of the setting at path, with its place in the file. Use
// it for faults that are found only when a setting is used. If the file does not
// contain the setting, the place is that of the innermost section it belongs to.
func (c *Config) Fault(path string, err error) FieldError {
	var at yamlbind.Place
	if c.report != nil {
		at = c.report.Find(path)
	}
	return FieldError{c.file, at.Line, at.Column, path, err}
}
