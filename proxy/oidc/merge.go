package oidc

import (
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/internal/muxpattern"
	"github.com/tokengraft/tokengraft/proxy"
)

// Merge returns the configured rules, and after them the learned rules that do not
// conflict with a rule before them. Two rules conflict if they have the same pattern,
// or if [http.ServeMux] says so. A configured rule without a method also replaces a
// learned rule with the same path and any method. Merge does not write to its
// arguments.
func Merge(configured, learned []proxy.Rule) []proxy.Rule {
	merged := slices.Clone(configured)
	for _, rule := range learned {
		if !slices.ContainsFunc(merged, func(other proxy.Rule) bool { return excludes(other.Pattern, rule.Pattern) }) {
			merged = append(merged, rule)
		}
	}
	return merged
}

// excludes reports whether a learned pattern conflicts with another pattern.
func excludes(pattern, learned string) bool {
	if muxpattern.Check(pattern, learned) != nil {
		return true
	}
	if strings.ContainsAny(pattern, " \t") {
		return false // the pattern has a method
	}
	return muxpattern.Check(pattern, learned[strings.IndexByte(learned, ' ')+1:]) != nil
}
