package sidecar

import (
	"slices"

	"github.com/tokengraft/tokengraft/config"
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
	anyFunction := func(string) bool { return true } // whether they exist is checked elsewhere
	if cfg.Access.Roles != "" {
		rules, err := readRoles(cfg, anyFunction)
		if err != nil {
			return nil, err
		}
		paths = append(paths, rules.CustomDataPaths()...)
	}
	if cfg.Access.Functions {
		permitted, err := readPermissions(cfg, anyFunction)
		if err != nil {
			return nil, err
		}
		paths = append(paths, permitted.CustomDataPaths()...)
	}
	slices.Sort(paths)
	return slices.Compact(paths), nil
}
