package sidecar

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/internal/credentials"
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

// checkReads refuses rule expressions that read what the claim leaves out: it would be
// missing for every user, so that $ne and $exists: false would be true for all of them.
// Opening reports files that cannot be read. The error joins all faults, each a
// [config.FieldError].
func checkReads(cfg *config.Config) error {
	all, err := ruleExpansions(cfg)
	if err != nil {
		return nil
	}
	var faults []error
	seen := map[expansion]bool{}
	for _, e := range all {
		path, reads := e.customData()
		if !reads || path == "" || seen[e] {
			continue
		}
		seen[e] = true
		if why := leavesOut(&cfg.Claim, path); why != "" {
			faults = append(faults, cfg.Fault(e.setting, fmt.Errorf("%sreads %s, which %s, so it is missing for every user, and conditions like $ne are true; "+
				"let the claim have it, or remove it from the rule", e.inFile(), e.name, why)))
		}
	}
	return errors.Join(faults...)
}

// leavesOut says why nothing at a path of documents is in the claim, and returns "" if there
// may be something.
func leavesOut(claim *config.Claim, path string) string {
	if why := claim.LeavesOut(path); why != "" || claim.Credentials != config.DropCredentials {
		return why
	}
	names := strings.Split(path, ".")
	for i, name := range names {
		if credentials.IsName(name) && !slices.Contains(claim.Include, strings.Join(names[:i+1], ".")) {
			return "is left out by claim.credentials, because its name looks like that of a credential"
		}
	}
	return ""
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
