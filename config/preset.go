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

// withPreset returns the file's settings over those of the preset that it
// names. Faults in settings of the preset are reported where the file names it. A
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
	if root.Get("documents") == nil { // report that it is missing, not what then is missing in it
		base.Pairs = slices.DeleteFunc(base.Pairs, func(p yamlbind.Pair) bool { return p.Key == "documents" })
	}
	return root.Over(base, joins)
}

// joins reports whether a rule of a preset joins the rules of the file: none of
// them is for the same requests, with the same pattern or one that differs in the
// names of its wildcards only. A node that is not a rule does not join.
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

// applyPreset applies the preset of a configuration that was made in Go. The settings
// of the configuration win, and the preset's rules join its rules.
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
