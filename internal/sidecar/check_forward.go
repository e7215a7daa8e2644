package sidecar

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/config"
)

// forwards says what the backend learns about users, and warns where it learns nothing.
func (k *checker) forwards() {
	if len(k.cfg.Forward) == 0 {
		return
	}
	if _, err := readAppValues(k.cfg); err != nil {
		for _, fault := range faultsIn(err) {
			k.found(Finding{Severity: Fault, At: fault})
		}
	}
	if why := k.cfg.NotLive(); why != "" {
		k.warn("forward", "has no effect while %s, because no token is enriched: no header is set, and a request for which allow is set is 403; remove allow, or go live", why)
	}
	for i, f := range k.cfg.Forward {
		k.ok("%s: %s", f.Match, forwardText(f))
		if f.Allow == "true" {
			k.warn(fmt.Sprintf("forward[%d].allow", i), "is true for every user with a valid enriched token, and refuses all other requests; name a field of %%%%user if that is not meant")
		}
	}
}

// forwardTokens warns about tokens that the backend gets as the client sent them.
func (k *checker) forwardTokens() {
	for i, f := range k.cfg.Forward {
		if !f.Token.InCookie() && !restoresAt(k.cfg, f.Token.String()) {
			k.warn(fmt.Sprintf("forward[%d].token", i), "tokens at %s are not restored, so the backend gets the enriched token there, and may refuse it; add %[1]s to restore.at", f.Token)
		}
	}
}

// restoresAt reports whether enriched tokens in a header are restored, in some requests at
// least.
func restoresAt(cfg *config.Config, header string) bool {
	r := understoodRestore(cfg)
	places := slices.Concat(r.Known, r.At)
	for _, rule := range cfg.Rules {
		places = append(places, texts(rule.Restore)...)
	}
	return slices.ContainsFunc(places, func(place string) bool { return strings.EqualFold(place, header) })
}

// forwardText says what an entry of forward does.
func forwardText(f config.Forward) string {
	var parts []string
	if len(f.Headers) > 0 {
		names := slices.Sorted(maps.Keys(f.Headers))
		parts = append(parts, "the backend gets "+strings.Join(names, ", ")+" from the enriched token at "+f.Token.String())
	}
	if f.Allow != "" {
		parts = append(parts, "users for whom allow is false get 403")
	}
	return strings.Join(parts, "; ")
}
