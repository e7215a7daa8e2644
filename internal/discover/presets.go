package discover

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy"
)

// A PresetFit says how well a preset fits a session.
type PresetFit struct {
	Name   string
	Prefix *string // other than the preset's own; nil for its own
	// Full says that the preset covers every site and every place of [Analysis].Restores.
	Full    bool
	Covered int      // sites
	Missing []string // what it does not cover, as sentences
	// Typical says what in the session is typical for the preset's backend. It is empty
	// if nothing is: other backends may have the same paths.
	Typical string
}

// Active reports whether the preset can replace the rules of the session: it covers
// everything that was seen, and something that was seen is typical for its backend.
func (f PresetFit) Active() bool { return f.Full && f.Typical != "" }

// typicalClaims are claims that only the backend of a preset has, in one token. Each is the
// alternative of a list.
var typicalClaims = map[string][][]string{
	"app-services":     {{"baas_domain_id"}, {"baas_device_id"}, {"stitch_domainId"}, {"stitch_devId"}},
	"devise-jwt":       {{"scp", "jti"}},
	"django-simplejwt": {{"token_type", "jti"}},
	"laravel-jwt":      {{"prv", "jti"}},
	"supabase":         {{"aal", "session_id"}, {"app_metadata", "role"}},
}

// FitPresets returns the presets that cover at least one site, the best first.
func FitPresets(exchanges []Exchange, a Analysis) []PresetFit {
	tokens := parseTokens(a.Tokens)
	var fits []PresetFit
	for _, preset := range config.Presets() {
		if fit, ok := fitPreset(preset, a); ok {
			fit.Typical = typical(fit.Name, tokens)
			fits = append(fits, fit)
		}
	}
	slices.SortStableFunc(fits, func(a, b PresetFit) int {
		return cmp.Or(compareBool(b.Active(), a.Active()), compareBool(b.Full, a.Full), cmp.Compare(b.Covered, a.Covered), cmp.Compare(len(a.Missing), len(b.Missing)))
	})
	return fits
}

// typical returns which claims of a token are typical for the backend of a preset.
func typical(preset string, tokens []*enrich.Token) string {
	for _, t := range tokens {
		for _, names := range typicalClaims[preset] {
			if !slices.ContainsFunc(names, func(name string) bool { return t.Claim(name) == nil }) {
				return "its tokens have " + strings.Join(names, " and ")
			}
		}
	}
	return ""
}

// fitPreset returns how a preset fits with the prefix that fits best. It returns false if
// no prefix fits.
func fitPreset(preset config.Preset, a Analysis) (best PresetFit, ok bool) {
	own, prefix := preset.Settings()
	for _, candidate := range prefixes(own.Rules, prefix, a.Sites) {
		fit := PresetFit{Name: string(preset.Name)}
		settings := own
		if candidate != prefix {
			fit.Prefix = &candidate
			moved := preset
			if moved.Prefix.UnmarshalText([]byte(candidate)) != nil {
				continue
			}
			settings, _ = moved.Settings()
		}
		fit.cover(settings, a)
		if fit.Covered > best.Covered || fit.Covered == best.Covered && fit.Covered > 0 && len(fit.Missing) < len(best.Missing) {
			best, ok = fit, true
		}
	}
	return best, ok
}

const maxPrefixes = 8

// prefixes returns the prefixes with which a rule could match a site, the preset's own
// first.
func prefixes(rules []config.Rule, own string, sites []Site) []string {
	found := []string{own}
	for _, site := range sites {
		sitePath := pathOf(site.Pattern)
		for _, rule := range rules {
			tail, ok := strings.CutPrefix(pathOf(rule.Match), own)
			if !ok || len(tail) < 2 || strings.Contains(tail, "{") && !strings.HasSuffix(tail, "{$}") {
				continue
			}
			head, ok := strings.CutSuffix(sitePath, tail)
			if ok && !strings.Contains(head, "{") && !slices.Contains(found, head) && len(found) < maxPrefixes {
				found = append(found, head)
			}
		}
	}
	return found
}

// pathOf returns the path of a pattern.
func pathOf(pattern string) string {
	if _, path, ok := strings.Cut(pattern, " "); ok {
		return path
	}
	return pattern
}

// cover compares the settings of a preset with what was seen.
func (f *PresetFit) cover(settings *config.Config, a Analysis) {
	missing := func(format string, args ...any) { f.Missing = append(f.Missing, fmt.Sprintf(format, args...)) }
	find := ruleFinder(settings.Rules)
	for _, site := range a.Sites {
		switch rule := find(site.Pattern); {
		case rule == nil:
			missing("%s is not one of its paths", site.Pattern)
		case !slices.Contains(rule.Tokens, site.Location):
			missing("%s: it does not look at %s", site.Pattern, site.Location)
		case contradicts(rule.Refresh, refreshOf(a, site.Pattern)):
			missing("%s: it says refresh: %s", site.Pattern, rule.Refresh)
		default:
			f.Covered++
		}
	}
	for _, place := range a.Restores {
		rule := find(place.Pattern)
		if place.By == BySetting && !slices.Contains(settings.Restore.At, place.Location) && (rule == nil || !slices.Contains(rule.Restore, place.Location)) {
			missing("%s: it does not restore %s", place.Pattern, place.Location)
		}
	}
	f.Full = f.Covered > 0 && len(f.Missing) == 0
}

// refreshOf returns how the requests of a pattern differ from logins, or nil if that is
// not known.
func refreshOf(a Analysis, pattern string) *Refresh {
	i := slices.IndexFunc(a.Refreshes, func(r Refresh) bool { return r.Pattern == pattern })
	if i < 0 {
		return nil
	}
	return &a.Refreshes[i]
}

// contradicts reports whether a preset takes a refresh for a login, or the other way round.
func contradicts(preset config.Refresh, seen *Refresh) bool {
	switch {
	case seen == nil:
		return false
	case preset == config.RefreshNever:
		return seen.Setting == proxy.RefreshAlways || seen.Seen
	case preset == config.RefreshAlways:
		return seen.Setting == proxy.RefreshNever
	}
	return false
}

// ruleFinder returns a function that returns the rule of a preset for the requests of a
// pattern, or nil. Wildcards of the pattern stand for any segment.
func ruleFinder(rules []config.Rule) func(pattern string) *config.Rule {
	mux := http.NewServeMux()
	byPattern := map[string]*config.Rule{}
	for i, rule := range rules {
		if len(rule.Tokens) > 0 || len(rule.Restore) > 0 {
			mux.Handle(rule.Match, http.NotFoundHandler())
			byPattern[rule.Match] = &rules[i]
		}
	}
	return func(pattern string) *config.Rule {
		method, path, ok := strings.Cut(pattern, " ")
		if !ok {
			method, path = http.MethodGet, pattern
		}
		u, err := url.ParseRequestURI(samplePath(path))
		if err != nil {
			return nil
		}
		_, found := mux.Handler(&http.Request{Method: method, URL: u, Host: "backend"})
		return byPattern[found]
	}
}

// samplePath returns a path that a pattern matches.
func samplePath(path string) string {
	path = strings.TrimSuffix(path, "{$}")
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		if strings.HasPrefix(segment, "{") {
			segments[i] = "x"
		}
	}
	return strings.Join(segments, "/")
}
