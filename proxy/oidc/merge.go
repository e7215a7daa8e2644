package oidc

import (
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/internal/muxpattern"
	"github.com/tokengraft/tokengraft/proxy"
)

// Merge returns the configured rules, and after them those discovered rules that do not
// conflict with a rule before them. Two rules conflict if they have the same pattern, or
// if [http.ServeMux] says so. A configured rule without a method also excludes every
// discovered rule with the same path. Merge does not write to its arguments.
func Merge(configured, discovered []proxy.Rule) []proxy.Rule {
	merged := slices.Clone(configured)
	for _, rule := range discovered {
		if !slices.ContainsFunc(merged, func(other proxy.Rule) bool { return excludes(other.Pattern, rule.Pattern) }) {
			merged = append(merged, rule)
		}
	}
	return merged
}

// excludes reports whether a discovered pattern conflicts with another pattern.
func excludes(pattern, discovered string) bool {
	if muxpattern.Check(pattern, discovered) != nil {
		return true
	}
	if strings.ContainsAny(pattern, " \t") {
		return false // the pattern has a method
	}
	return muxpattern.Check(pattern, discovered[strings.IndexByte(discovered, ' ')+1:]) != nil
}
