package oidc

import (
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/internal/muxpattern"
	"github.com/tokengraft/tokengraft/proxy"
)

// Merge adds learned rules to configured ones. A configured rule wins: a learned
// one is dropped that has the same pattern, conflicts with it by the rules of
// [http.ServeMux], or would if its method were not named, which the configured
// one does not do either. Of learned ones that conflict the first stays.
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
