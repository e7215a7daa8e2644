package yamlbind

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A Change sets a setting in the text of a file.
type Change struct {
	Path string // the keys, joined with dots
	// Value is a string, a bool, a number or a list of strings. Text is literal: no variable
	// in it is expanded. Nil removes the setting.
	Value any
}

// Edit returns the text of a file with changed settings. It keeps every other byte, except
// a comment behind a setting that it removes. It parses the result: if anything else would
// differ, it returns an error and no text. The error has no text of the file.
func Edit(source []byte, changes ...Change) ([]byte, error) {
	text, bom := bytes.CutPrefix(source, []byte("\ufeff"))
	for _, c := range changes {
		after, err := edit(text, c)
		if err != nil {
			return nil, fmt.Errorf("%s cannot be changed here: %w; edit the file by hand", c.Path, err)
		}
		text = after
	}
	if bom {
		text = append([]byte("\ufeff"), text...)
	}
	return text, nil
}

func edit(source []byte, c Change) ([]byte, error) {
	value, err := valueOf(c.Value)
	if err != nil {
		return nil, err
	}
	before, err := parseText(source)
	if err != nil {
		return nil, err
	}
	keys := strings.Split(c.Path, ".")
	if slices.ContainsFunc(keys, func(key string) bool { return !plainKey.MatchString(key) }) {
		return nil, errors.New("it is not the name of a setting")
	}
	e := editor{source: source, newline: newlineOf(source)}
	after, err := e.set(section{node: before, indent: 0}, keys, value)
	if err != nil {
		return nil, err
	}
	got, err := parseText(after)
	if err != nil || !same(got, changedTree(before, keys, value)) {
		return nil, errors.New("the file is written in a way that this cannot edit for certain")
	}
	return after, nil
}

// parseText returns the tree of a text without syntax faults.
func parseText(source []byte) (*Node, error) {
	r := NewReport()
	root := r.Parse(source)
	if len(r.Faults()) > 0 {
		return nil, errors.New("the file is not valid YAML")
	}
	return root, nil
}

func newlineOf(source []byte) string {
	if bytes.Contains(source, []byte("\r\n")) {
		return "\r\n"
	}
	return "\n"
}

// changedTree returns a tree with a changed value. Sections that become empty are
// [Nothing].
func changedTree(n *Node, keys []string, value *Node) *Node {
	changed := &Node{Kind: Mapping, Pairs: slices.Clone(n.Pairs)}
	i := slices.IndexFunc(changed.Pairs, func(p Pair) bool { return p.Key == keys[0] })
	switch {
	case len(keys) > 1:
		below := &Node{}
		if i >= 0 {
			below = changed.Pairs[i].Value
		} else if value == nil {
			break
		}
		value = changedTree(below, keys[1:], value)
		fallthrough
	case value != nil:
		if i < 0 {
			changed.Pairs = append(changed.Pairs, Pair{Key: keys[0], Value: value})
		} else {
			changed.Pairs[i].Value = value
		}
	case i >= 0:
		changed.Pairs = slices.Delete(changed.Pairs, i, i+1)
	}
	if len(changed.Pairs) == 0 {
		changed.Kind = Nothing
	}
	return changed
}

// same reports whether two trees have the same values. An empty section is nothing.
func same(a, b *Node) bool {
	if a.empty() || b.empty() {
		return a.empty() && b.empty()
	}
	if a.Kind != b.Kind || a.Text != b.Text || len(a.Items) != len(b.Items) || len(a.Pairs) != len(b.Pairs) {
		return false
	}
	for i := range a.Items {
		if !same(a.Items[i], b.Items[i]) {
			return false
		}
	}
	for _, p := range a.Pairs {
		if other := b.Get(p.Key); other == nil || !same(p.Value, other) {
			return false
		}
	}
	return true
}

func (n *Node) empty() bool {
	return n.Kind == Nothing || n.Kind == "" || n.Kind == Mapping && len(n.Pairs) == 0
}
