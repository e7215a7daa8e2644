package config

import (
	"embed"
	"path"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/internal/muxpattern"
	"github.com/tokengraft/tokengraft/internal/yamlbind"
)

// A Preset is ready-made settings for a known backend. The settings of the
// configuration override them. The zero Preset is none.
type Preset struct {
	// The backend.
	Name PresetName `yaml:"name,required"`
	// The path that the backend's paths start with, instead of that of the preset; the
	// files in config/preset have it. `""` if there is none, for example behind a gateway
	// that strips it.
	Prefix PathPrefix `yaml:"prefix"`
}

// fragments are the presets, each a configuration file without the settings that
// differ from user to user. Its setting preset.prefix is what a prefix replaces.
//
//go:embed preset/*.yaml
var fragments embed.FS

func presetNames() []PresetName {
	files, err := fragments.ReadDir("preset")
	if err != nil {
		panic(err) // it is embedded
	}
	var names []PresetName
	for _, file := range files {
		names = append(names, PresetName(strings.TrimSuffix(file.Name(), ".yaml")))
	}
	return names
}

// read returns the preset's fragment of a configuration file, and the prefix of the
// paths in it.
func (p Preset) read(r *yamlbind.Report) (base *yamlbind.Node, prefix string) {
	text, err := fragments.ReadFile(path.Join("preset", string(p.Name)+".yaml"))
	if err != nil {
		panic(err) // its name came from there
	}
	base = r.Parse(text)
	prefix = base.Get("preset").Get("prefix").Text
	if p.Prefix != "" {
		rebase(base, prefix, p.Prefix.text())
		prefix = p.Prefix.text()
	}
	base.Pairs = without(base.Pairs, "preset")
	return base, prefix
}

func without(pairs []yamlbind.Pair, key string) []yamlbind.Pair {
	return slices.DeleteFunc(pairs, func(p yamlbind.Pair) bool { return p.Key == key })
}

// withPreset merges the settings of the file over those of the preset that it
// names. Faults in settings of the preset get the place of the preset setting. A
// wrong name or prefix is reported later, when it is bound.
func withPreset(root *yamlbind.Node, b *yamlbind.Binder) *yamlbind.Node {
	named := root.Get("preset")
	preset, ok := presetIn(named, b)
	if !ok {
		return root
	}
	base, _ := preset.read(b.Report)
	base.MoveTo(named.Place)
	if root.Get("documents") == nil { // report that documents is missing, not the settings in it
		base.Pairs = without(base.Pairs, "documents")
	}
	return spread(root, base).Merge(base, joins)
}

// spread returns the settings of a file in the form in which they do not hide more of a
// preset than they mean: restore as a mapping, and no oidc: true where the preset says
// how.
func spread(root, base *yamlbind.Node) *yamlbind.Node {
	all := *root
	all.Pairs = slices.Clone(root.Pairs)
	for i, p := range all.Pairs {
		switch {
		case p.Key == "restore" && p.Value.Kind == yamlbind.Text:
			mode := yamlbind.Pair{Place: p.Value.Place, Key: "mode", Value: p.Value}
			all.Pairs[i].Value = &yamlbind.Node{Place: p.Value.Place, Kind: yamlbind.Mapping, Pairs: []yamlbind.Pair{mode}}
		case p.Key == "oidc" && p.Value.Text == "true" && base.Get("oidc") != nil:
			all.Pairs[i].Value = base.Get("oidc")
		}
	}
	return &all
}

// presetIn returns the preset that a setting names. It returns false if it names none.
func presetIn(setting *yamlbind.Node, b *yamlbind.Binder) (p Preset, ok bool) {
	if setting == nil {
		return p, false
	}
	name, prefix := setting, setting.Get("prefix")
	if setting.Kind == yamlbind.Mapping {
		name = setting.Get("name")
	}
	text, ok := expanded(name, b)
	p.Name = PresetName(text)
	if at, ok := expanded(prefix, b); ok && p.Prefix.UnmarshalText([]byte(at)) != nil {
		return p, false
	}
	return p, ok && slices.Contains(presetNames(), p.Name)
}

// expanded returns a text with its variables. It returns false if it is not a text, or
// has a fault, which is reported when it is bound.
func expanded(n *yamlbind.Node, b *yamlbind.Binder) (string, bool) {
	if n == nil || n.Kind != yamlbind.Text {
		return "", false
	}
	text, err := yamlbind.Expand(n.Text, b.Env)
	return text, err == nil
}

// PresetPatterns returns the patterns of the rules that the preset of a valid
// configuration brings, and the prefix of their paths. It returns none without a preset.
func (c *Config) PresetPatterns() (patterns []string, prefix string) {
	if c.Preset.Name == "" {
		return nil, ""
	}
	base, prefix := c.Preset.read(yamlbind.NewReport())
	for _, rule := range items(base.Get("rules")) {
		pattern := rule.Get("match").Text
		if slices.ContainsFunc(c.Rules, func(own Rule) bool { return own.Match == pattern }) {
			patterns = append(patterns, pattern)
		}
	}
	return patterns, prefix
}

// joins reports whether a rule of a preset is added to the rules of the file. It is
// not added if the file has a rule for the same requests: one with the same pattern,
// or with a pattern that differs only in the names of wildcards. A node that is not
// a rule is never added.
func joins(rule *yamlbind.Node, own []*yamlbind.Node) bool {
	pattern := rule.Get("match")
	return pattern != nil && !slices.ContainsFunc(own, func(n *yamlbind.Node) bool {
		match := n.Get("match")
		return match != nil && match.Kind == yamlbind.Text && replaces(match.Text, pattern.Text)
	})
}

// replaces reports whether a pattern conflicts with that of a preset's rule.
func replaces(own, preset string) bool {
	return muxpattern.Check(own) == nil && muxpattern.Check(own, preset) != nil
}

// applyPreset applies the preset of a configuration that was made in Go. Settings of
// the configuration override the preset's, and the preset's rules are added.
func (c *Config) applyPreset() {
	if !slices.Contains(presetNames(), c.Preset.Name) || c.Preset.Prefix.check() != nil {
		return
	}
	base, r := Default(), yamlbind.NewReport()
	b := yamlbind.Binder{Report: r}
	fragment, _ := c.Preset.read(r)
	b.Bind(fragment, base)
	yamlbind.Fill(c, base)
	for _, rule := range base.Rules {
		if !slices.ContainsFunc(c.Rules, func(own Rule) bool { return replaces(own.Match, rule.Match) }) {
			c.Rules = append(c.Rules, rule)
		}
	}
	for _, rule := range base.Addresses {
		if !slices.ContainsFunc(c.Addresses, func(own AddressRule) bool { return replaces(own.Match, rule.Match) }) {
			c.Addresses = append(c.Addresses, rule)
		}
	}
}

// Presets returns all presets, without a prefix.
func Presets() (all []Preset) {
	for _, name := range presetNames() {
		all = append(all, Preset{Name: name})
	}
	return all
}

// Settings returns the settings of a preset and the defaults of all others, and the prefix
// of the preset's paths. The preset must exist.
func (p Preset) Settings() (c *Config, prefix string) {
	r := yamlbind.NewReport()
	base, prefix := p.read(r)
	c = Default()
	b := yamlbind.Binder{Report: r}
	b.Bind(base, c)
	return c, prefix
}
