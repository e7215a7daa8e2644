package oidc

import (
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/internal/muxpattern"
	"github.com/tokengraft/tokengraft/proxy"
)

// Merge adds learned rules to configured ones. A configured rule wins over a
// learned rule that has the same pattern or conflicts with it by the rules of
// [http.ServeMux]. If the configured rule names no method, the learned rule's
// method does not count. Of two learned rules that conflict, the first stays.
func Merge(configured, learned []proxy.Rule) []proxy.Rule {
	merged := slices.Clone(configured)
	for _, rule := range learned {
		if !slices.ContainsFunc(merged, func(other proxy.Rule) bool { return excludes(other.Pattern, rule.Pattern) }) {
			merged = append(merged, rule)
		}
	}
	return merged
}

func excludes(pattern, learned string) bool {
	if muxpattern.Check(pattern, learned) != nil {
		return true
	}
	if strings.ContainsAny(pattern, " \t") {
		return false // it names a method
	}
	return muxpattern.Check(pattern, learned[strings.IndexByte(learned, ' ')+1:]) != nil
}
