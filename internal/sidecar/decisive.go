package sidecar

import (
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/config"
)

// decisivePaths returns the paths of the document that a rule expression reads. The empty
// path is the whole document. The error is a [config.FieldError].
func decisivePaths(cfg *config.Config) (paths []string, err error) {
	all, err := ruleExpansions(cfg)
	for _, e := range all {
		if path, reads := e.customData(); reads {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths), err
}

const (
	customData = "%%user.custom_data"
	wholeUser  = "%%user" // as an argument of a function, with all custom data
)

// customData returns the path of the document that the expansion reads, if it reads it.
func (e expansion) customData() (path string, reads bool) {
	if e.name == wholeUser {
		return "", true
	}
	path, reads = strings.CutPrefix(e.name, customData)
	return strings.TrimPrefix(path, "."), reads
}
