package config

import (
	"strings"

	"github.com/tokengraft/tokengraft/internal/yamlbind"
)

// Changes are the paths of settings in which two configurations differ.
type Changes []string

// ChangesSince returns the settings that differ from an earlier configuration, in
// the order of the manual. A key file counts as changed if its content has changed,
// and a secret wherever it comes from. The result contains no values.
func (c *Config) ChangesSince(before *Config) Changes {
	return yamlbind.Diff(before, c, func(path string, setting any) bool {
		var name string
		switch file := setting.(type) {
		case Path:
			name = string(file)
		case JWKS:
			name = string(file.File)
		}
		// A secret in a file is compared as the setting without _file.
		_, secret := c.read[strings.TrimSuffix(path, "_file")]
		return before.sums[name] != c.sums[name] && !secret
	})
}
