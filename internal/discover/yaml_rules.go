package discover

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/enrich"
)

func (w *writer) head(r *Report) {
	w.comment("", "Written by `tokengraft discover` from %s to %s.", count(r.Analysis.Requests, "request"), r.Backend)
	w.line("%s", todoMark)
	w.blank()
	w.comment("", "The address that clients connect to, instead of the backend.")
	w.line("listen: %s", quote(listenOr(r.Listen)))
	w.line("backend: %s", quote(r.Backend.String()))
	if r.Public != nil {
		w.comment("", "The recording was made at this address.")
		w.line("public_url: %s", quote(r.Public.String()))
	}
	w.blank()
	w.comment("", "To count what would be done, and change nothing, begin with this (docs/rollout.md):")
	w.comment("", "shadow: true")
}

// listenOr returns the address on which discover listened, if it is not a free port.
func listenOr(listen string) string {
	if listen == "" || strings.HasSuffix(listen, ":0") {
		return "127.0.0.1:8080"
	}
	return listen
}

// rules writes which answers have tokens: rules, a preset, or what the discovery document
// says.
func (w *writer) rules(r *Report) {
	w.blank()
	w.oidc(r)
	w.preset(r)
	rules := r.rules()
	if len(rules) > 0 {
		w.line("rules:")
		for i, rule := range rules {
			if i > 0 {
				w.blank()
			}
			w.rule(rule)
		}
	}
	w.excluded(r)
}

func (w *writer) oidc(r *Report) {
	if !r.Keys.OIDC {
		return
	}
	w.comment("", "The backend is an OpenID provider. Its discovery document names the endpoints with tokens, and its keys.")
	if r.Keys.Discovery == "" {
		w.line("oidc: true")
		return
	}
	w.line("oidc:")
	w.line("  discovery: %s", quote(r.Keys.Discovery))
}

func (w *writer) preset(r *Report) {
	for i, fit := range r.Presets {
		name := presetText(fit)
		switch {
		case i == 0 && r.preset() != nil:
			w.comment("", "The preset %s has rules for all that was seen: %s.", fit.Name, fit.Typical)
			w.line("preset: %s", name)
		case fit.Full:
			w.comment("", "The preset %s has rules for all that was seen too. If it is your backend, you can write this instead of the rules:", fit.Name)
			w.comment("", "preset: %s", name)
		case fit.Typical != "":
			w.comment("", "The preset %s does not fit, although %s: %s.", fit.Name, fit.Typical, strings.Join(fit.Missing, "; "))
		}
	}
}

// presetText returns a preset as the configuration names it.
func presetText(fit PresetFit) string {
	if fit.Prefix == nil {
		return quote(fit.Name)
	}
	return fmt.Sprintf("{name: %s, prefix: %q}", quote(fit.Name), *fit.Prefix)
}

func (w *writer) rule(rule *rule) {
	if len(rule.sites) == 0 {
		w.comment("  ", "For requests only: tokens come back here.")
	}
	if rule.refresh != nil && len(rule.sites) > 0 {
		w.comment("  ", "%s", sentence(upperFirst(rule.refresh.Why)))
	}
	w.line("  - match: %s", quotePattern(rule.pattern))
	if len(rule.sites) > 0 {
		w.line("    tokens:")
		for _, site := range rule.sites {
			w.site(site)
		}
	}
	if rule.refresh != nil && len(rule.sites) > 0 {
		if setting := settingOf(rule.refresh.Setting); setting != "" {
			w.line("    refresh: %s", setting)
		}
	}
	if len(rule.restore) > 0 {
		var names []string
		for _, location := range rule.restore {
			names = append(names, location.String())
		}
		w.line("    restore: %s", list(names))
	}
}

// quotePattern quotes a pattern unless it is plain. Its blank is harmless in YAML.
func quotePattern(pattern string) string {
	if method, path, ok := strings.Cut(pattern, " "); ok && quote(method) == method && quote(path) == path {
		return pattern
	}
	return quote(pattern)
}

// site writes a place of a rule, with what is known about its tokens.
func (w *writer) site(site Site) {
	what := fmt.Sprintf("%s, up to %d bytes", kindWords[site.Kind], site.Largest)
	if site.Answers > 1 {
		what += fmt.Sprintf(", in %d answers", site.Answers)
	}
	if differs := purposeText(site); differs != "" {
		w.comment("      ", "%s", differs)
	}
	if site.Mixed {
		w.comment("      ", "Some tokens here are refresh tokens by their claims. They get the claim too, so add restore to the rule of the requests to which clients send them.")
	}
	w.line("      - %s # %s", quote(site.Location.String()), what)
}

var kindWords = map[enrich.Kind]string{enrich.Access: "an access token", enrich.ID: "an id_token"}

// purposeText says that the claims of tokens contradict the name of their place.
func purposeText(site Site) string {
	switch {
	case site.Kind == enrich.Access && site.Purpose == idPurpose:
		return fmt.Sprintf("By its name this is an access token, and so it gets the claim. But %s says that it is an id_token.", site.PurposeClaim)
	case site.Kind == enrich.ID && site.Purpose == accessPurpose:
		return fmt.Sprintf("By its name this is an id_token, so it gets the claim only with claim.kinds: [id]. But %s says that it is an access token.", site.PurposeClaim)
	}
	return ""
}

// excluded lists the places with JWTs that have no rule.
func (w *writer) excluded(r *Report) {
	if len(r.Analysis.Excluded) == 0 {
		return
	}
	w.blank()
	w.comment("", "These places have JWTs too, but no rule:")
	for _, e := range r.Analysis.Excluded {
		w.comment("", "- %s, %s: %s", e.Pattern, e.Location, lowerFirst(e.Why))
	}
}

func upperFirst(text string) string {
	if text == "" || text[0] < 'a' || text[0] > 'z' {
		return text
	}
	return string(text[0]+'A'-'a') + text[1:]
}

// restore writes where enriched tokens are in requests, besides the standard places.
func (w *writer) restore(r *Report) {
	at := r.restoreAt()
	if len(at) == 0 {
		return
	}
	var names []string
	for _, location := range at {
		names = append(names, location.String())
	}
	w.blank()
	w.comment("", "Where enriched tokens come back in requests, to any path. The backend gets the originals.")
	w.line("restore:")
	w.line("  at: %s", list(names))
}

// cameBackText lists the places in which tokens came back without a setting of their own.
func cameBackText(a Analysis) string {
	var places []string
	for _, place := range a.Restores {
		if place.By == ByDefault && !slices.Contains(places, place.Shown) {
			places = append(places, place.Shown)
		}
	}
	return strings.Join(places, ", ")
}
