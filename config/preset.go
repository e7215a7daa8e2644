package config

import (
	"embed"
	"path"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/internal/muxpattern"
	"github.com/tokengraft/tokengraft/internal/yamlbind"
)

// fragments are the presets, each a configuration file without the settings that
// differ from user to user.
//
//go:embed preset/*.yaml
var fragments embed.FS

func presetNames() []Preset {
	files, err := fragments.ReadDir("preset")
	if err != nil {
		panic(err) // it is embedded
	}
	var names []Preset
	for _, file := range files {
		names = append(names, Preset(strings.TrimSuffix(file.Name(), ".yaml")))
	}
	return names
}

// read returns the preset's fragment of a configuration file.
func (p Preset) read(r *yamlbind.Report) *yamlbind.Node {
	text, err := fragments.ReadFile(path.Join("preset", string(p)+".yaml"))
	if err != nil {
		panic(err) // its name came from there
	}
	return r.Parse(text)
}

// withPreset merges the settings of the file over those of the preset that it
// names. Faults in settings of the preset get the place of the preset setting. A
// wrong name is reported later, when it is bound.
func withPreset(root *yamlbind.Node, b *yamlbind.Binder) *yamlbind.Node {
	named := root.Get("preset")
	if named == nil || named.Kind != yamlbind.Text {
		return root
	}
	name, err := yamlbind.Expand(named.Text, b.Env)
	if err != nil || !slices.Contains(presetNames(), Preset(name)) {
		return root
	}
	base := Preset(name).read(b.Report)
	base.MoveTo(named.Place)
	if root.Get("documents") == nil { // report that documents is missing, not the settings in it
		base.Pairs = slices.DeleteFunc(base.Pairs, func(p yamlbind.Pair) bool { return p.Key == "documents" })
	}
	return root.Merge(base, joins)
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
	if !slices.Contains(presetNames(), c.Preset) {
		return
	}
	base, r := Default(), yamlbind.NewReport()
	b := yamlbind.Binder{Report: r}
	b.Bind(c.Preset.read(r), base)
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
