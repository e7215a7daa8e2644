package sidecar

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/proxy/locate"
)

// restores says where tokens of requests are restored, and warns about locations that
// have no effect.
func (k *checker) restores() {
	k.restoresAnywhere()
	for i, rule := range k.cfg.Rules {
		if len(rule.Restore) == 0 {
			continue
		}
		if !k.cfg.Restores() {
			k.warn(fmt.Sprintf("rules[%d].restore", i), noRestore)
		} else if len(rule.Tokens) == 0 {
			k.ok("%s: for requests only, tokens are restored at %s", rule.Match, list(rule.Restore))
		}
	}
}

const noRestore = "has no effect, because tokens in requests are not restored; set restore: on, or remove it"

func (k *checker) restoresAnywhere() {
	at := k.cfg.Restore.At
	switch {
	case len(at) == 0:
	case !k.cfg.Restores():
		k.warn("restore.at", noRestore)
	case slices.ContainsFunc(at, locate.Location.InJSON):
		k.ok("requests to any path: tokens are restored at %s; bodies of JSON and text, up to limits.body, are read before they are forwarded", list(at))
	default:
		k.ok("requests to any path: tokens are restored at %s", list(at))
	}
}

func list(locations []locate.Location) string {
	var texts []string
	for _, location := range locations {
		texts = append(texts, location.String())
	}
	return strings.Join(texts, ", ")
}
