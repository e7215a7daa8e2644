package config

import (
	"embed"
	"path"
	"slices"
	"strings"
)

// fragments are the presets, each a configuration file that lacks what only its
// user knows.
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

// withPreset returns the file's settings over those of the preset that it
// names. What comes from the preset stands where the file names it. A name that
// is wrong is reported when it is bound.
func (b *binder) withPreset(root *node) *node {
	named := root.entry("preset")
	if named == nil || named.kind != kindText {
		return root
	}
	var preset Preset
	if name, err := expand(named.text, b.env); err != nil || preset.UnmarshalText([]byte(name)) != nil {
		return root
	}
	text, err := fragments.ReadFile(path.Join("preset", string(preset)+".yaml"))
	if err != nil {
		panic(err) // its name came from there
	}
	base := readYAML(text, b.report)
	base.moveTo(named.place)
	if root.entry("documents") == nil { // whose lack is to be told, not what then lacks in it
		base.entries = slices.DeleteFunc(base.entries, func(e entry) bool { return e.key == "documents" })
	}
	return root.over(base)
}

func (n *node) entry(key string) *node {
	for _, e := range n.entries {
		if e.key == key {
			return e.value
		}
	}
	return nil
}

// moveTo gives a node and all below it one place.
func (n *node) moveTo(at place) {
	n.place = at
	for _, item := range n.items {
		item.moveTo(at)
	}
	for i := range n.entries {
		n.entries[i].place = at
		n.entries[i].value.moveTo(at)
	}
}

// over returns what holds where n and base both say something: of mappings both
// together, of rules those of base too that none of n takes the place of, and
// else n alone. Neither is written to: aliases share nodes.
func (n *node) over(base *node) *node {
	both := *n
	switch {
	case n.kind == kindNothing && (base.kind == kindMapping || base.kind == kindList): // all in it is commented out
		both.kind, both.entries, both.items = base.kind, base.entries, base.items
	case n.kind == kindMapping && base.kind == kindMapping:
		both.entries = slices.Clone(n.entries)
		for _, e := range base.entries {
			if i := slices.IndexFunc(both.entries, func(own entry) bool { return own.key == e.key }); i >= 0 {
				both.entries[i].value = both.entries[i].value.over(e.value)
			} else {
				both.entries = append(both.entries, e)
			}
		}
	case n.kind == kindList && base.kind == kindList:
		both.items = slices.Clone(n.items)
		for _, rule := range base.items {
			if pattern := rule.entry("match"); pattern != nil && !slices.ContainsFunc(n.items, func(own *node) bool { return own.replaces(pattern) }) {
				both.items = append(both.items, rule)
			}
		}
	}
	return &both
}

// replaces reports whether a rule is for the same requests as a pattern: it has
// the same one, or one that differs in the names of its wildcards only.
func (n *node) replaces(pattern *node) bool {
	own := n.entry("match")
	return own != nil && own.kind == kindText && register(own.text) == nil && register(own.text, pattern.text) != nil
}
