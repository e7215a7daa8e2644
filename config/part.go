package config

import (
	"strings"
)

// AdminAddress returns the admin listener of a configuration file, even if the file
// has other faults: a sidecar that runs keeps its last good configuration. The
// result is empty if the listener is off or the file does not show it.
func AdminAddress(path string, env func(string) (string, bool)) Address {
	c, err := read(path, env)
	if err != nil || len(c.faultsAt("admin")) > 0 {
		return ""
	}
	return c.Admin
}

// AdminToken returns the token of the admin listener, even if the file has other faults.
// The error is [Faults] of the setting, or says why the file cannot be read.
func AdminToken(path string, env func(string) (string, bool)) (Secret, error) {
	c, err := read(path, env)
	if err != nil {
		return Secret{}, err
	}
	if faults := append(c.faultsAt("admin_token"), c.faultsAt("admin_token_file")...); len(faults) > 0 {
		return Secret{}, faults
	}
	return c.AdminToken, nil
}

// SignSettings returns the section sign of a configuration file, even if the file has
// faults elsewhere, such as a variable that only the environment of the sidecar has. The
// error is [Faults] of the section, or says why the file cannot be read.
func SignSettings(path string, env func(string) (string, bool)) (Sign, error) {
	c, err := read(path, env)
	if err != nil {
		return Sign{}, err
	}
	if faults := c.faultsAt("sign"); len(faults) > 0 {
		return Sign{}, faults
	}
	return c.Sign, nil
}

// faultsAt returns the faults of a setting or section, and those of the whole file.
func (c *Config) faultsAt(setting string) (faults Faults) {
	for _, f := range c.report.Faults() {
		if f.Path == "" || f.Path == setting || strings.HasPrefix(f.Path, setting+".") {
			faults = append(faults, FieldError{c.file, f.Line, f.Column, f.Path, f.Err})
		}
	}
	return faults
}
