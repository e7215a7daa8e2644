package sidecar

import (
	"fmt"
	"strings"
)

// restores says which rules are for requests only, and warns about locations of tokens in
// requests that have no effect.
func (k *checker) restores() {
	for i, rule := range k.cfg.Rules {
		if len(rule.Restore) == 0 {
			continue
		}
		if !k.cfg.Restores() {
			k.warn(fmt.Sprintf("rules[%d].restore", i), "has no effect, because tokens in requests are not restored; set restore: on, or remove it")
		} else if len(rule.Tokens) == 0 {
			var places []string
			for _, location := range rule.Restore {
				places = append(places, location.String())
			}
			k.ok("%s: for requests only, tokens are restored at %s", rule.Match, strings.Join(places, ", "))
		}
	}
}
