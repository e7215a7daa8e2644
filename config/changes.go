package config

import (
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/internal/yamlbind"
)

// Changes are the paths of settings in which two configurations differ.
type Changes []string

// ChangesSince returns the settings in which the configuration differs from one of
// before, in the order of the manual. A key file that both name counts where its
// content differs, a secret wherever it stands. No value is shown.
func (c *Config) ChangesSince(before *Config) Changes {
	return yamlbind.Diff(before, c, func(path string, setting any) bool {
		var name string
		switch file := setting.(type) {
		case Path:
			name = string(file)
		case JWKS:
			name = string(file.File)
		}
		// The secret of a file is compared by itself.
		return before.sums[name] != c.sums[name] && !strings.HasSuffix(path, "_file")
	})
}

// Touch reports whether one of these settings changed, or one within.
func (c Changes) Touch(settings ...string) bool {
	return slices.ContainsFunc(c, func(path string) bool {
		return slices.ContainsFunc(settings, func(setting string) bool {
			rest, within := strings.CutPrefix(path, setting)
			return within && (rest == "" || rest[0] == '.' || rest[0] == '[')
		})
	})
}
