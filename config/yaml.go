package config

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// A node is a YAML value with its anchors, aliases and merge keys resolved.
// Aliases share the nodes below them, so that a file cannot grow by them.
type node struct {
	place
	kind    kind
	text    string  // of text and bare scalars
	items   []*node // of lists
	entries []entry // of mappings, in their order
}

// An entry is one key of a mapping. Its place is that of the key.
type entry struct {
	place
	key   string
	value *node
}

type kind string

// The kinds, as faults call them.
const (
	kindNothing kind = "nothing"
	kindText    kind = "text"
	kindBare    kind = "a number or boolean" // text is as the file has it
	kindList    kind = "a list"
	kindMapping kind = "a mapping"
)

// A reader turns the YAML library's tree into nodes.
type reader struct {
	*report
	anchors map[string]*node
}

// readYAML parses a file of one document. Syntax faults go to the report, and
// leave a root that says less or nothing.
func readYAML(source []byte, r *report) *node {
	source = bytes.TrimPrefix(source, []byte("\ufeff"))
	nothing := &node{place: place{1, 1}, kind: kindNothing}
	if at, err := checkCharacters(source); err != nil {
		r.faultAt(at, "", fmt.Errorf("no YAML: %w", err))
		return nothing
	}
	file, err := parser.ParseBytes(source, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		r.syntax(source, err)
		return nothing
	}
	rd := reader{report: r, anchors: map[string]*node{}}
	var root *node
	for _, doc := range file.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.DirectiveType {
			continue
		}
		if root != nil {
			r.faultAt(placeOf(doc.Body), "", errors.New("a second YAML document, want one in a file"))
			break
		}
		root = rd.node("", doc.Body)
	}
	switch {
	case root == nil:
		return nothing
	case root.kind != kindMapping && root.kind != kindNothing:
		r.faultAt(root.place, "", fmt.Errorf("want a mapping, not %s", root.kind))
		return nothing
	}
	return root
}

// node converts one value. The path is for faults.
func (r *reader) node(path string, n ast.Node) *node {
	switch n := n.(type) {
	case *ast.AnchorNode:
		value := r.node(path, n.Value)
		// Known only now: nothing can contain itself.
		r.anchors[n.Name.GetToken().Value] = value
		return value
	case *ast.AliasNode:
		return r.alias(path, n)
	case *ast.MappingNode:
		return r.mapping(path, n)
	case *ast.SequenceNode:
		items := make([]*node, len(n.Values))
		for i, item := range n.Values {
			items[i] = r.item(fmt.Sprintf("%s[%d]", path, i), item)
		}
		return &node{place: placeOf(n), kind: kindList, items: items}
	case *ast.StringNode:
		return &node{place: placeOf(n), kind: kindText, text: n.Value}
	case *ast.LiteralNode:
		return &node{place: placeOf(n), kind: kindText, text: n.Value.Value}
	case *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return &node{place: placeOf(n), kind: kindBare, text: n.GetToken().Value}
	case *ast.NullNode:
		return &node{place: placeOf(n), kind: kindNothing}
	}
	r.faultAt(placeOf(n), path, errors.New("tags and the like are not used here, want a plain value"))
	return &node{place: placeOf(n), kind: kindNothing}
}

// item converts an item of a list. Within braces the parser splits json:token,
// text for any other YAML parser, into a mapping (goccy/go-yaml issue 832).
func (r *reader) item(path string, n ast.Node) *node {
	m, ok := n.(*ast.MappingNode)
	if !ok || m.IsFlowStyle || len(m.Values) != 1 {
		return r.node(path, n)
	}
	key, colon, value := m.Values[0].Key.GetToken(), m.Values[0].Start, m.Values[0].Value.GetToken()
	_, scalar := m.Values[0].Value.(ast.ScalarNode)
	quoted := key.Indicator == token.QuotedScalarIndicator || value.Indicator == token.QuotedScalarIndicator
	if !scalar || quoted || value.Position.Offset != colon.Position.Offset+1 {
		return r.node(path, n)
	}
	return &node{place: placeOf(n), kind: kindText, text: key.Value + ":" + value.Value}
}

func (r *reader) alias(path string, n *ast.AliasNode) *node {
	name := n.Value.GetToken().Value
	target, ok := r.anchors[name]
	if !ok {
		r.faultAt(placeOf(n), path, fmt.Errorf("no anchor &%s above this alias", name))
		return &node{place: placeOf(n), kind: kindNothing}
	}
	here := *target
	here.place = placeOf(n)
	return &here
}

// mapping converts a mapping. Its own keys win over merged ones, and of merged
// ones the earlier.
func (r *reader) mapping(path string, n *ast.MappingNode) *node {
	m := &node{place: placeOf(n), kind: kindMapping}
	lines := map[string]int{}
	var merged []entry
	for _, pair := range n.Values {
		at := placeOf(pair.Key)
		if _, ok := pair.Key.(*ast.MergeKeyNode); ok {
			merged = append(merged, r.merge(path, pair.Value)...)
			continue
		}
		key := keyOf(pair.Key)
		if line, ok := lines[key]; ok {
			r.faultAt(at, join(path, key), fmt.Errorf("is set twice, first in line %d", line))
			continue
		}
		lines[key] = at.line
		m.entries = append(m.entries, entry{at, key, r.node(join(path, key), pair.Value)})
	}
	for _, e := range merged {
		if _, ok := lines[e.key]; !ok {
			lines[e.key] = e.line
			m.entries = append(m.entries, e)
		}
	}
	return m
}

// merge returns the entries that a merge key's value brings.
func (r *reader) merge(path string, n ast.Node) []entry {
	value := r.node(path, n)
	parts := []*node{value}
	if value.kind == kindList {
		parts = value.items
	}
	var entries []entry
	for _, part := range parts {
		if part.kind != kindMapping {
			r.faultAt(part.place, path, errors.New("want a mapping to merge, or a list of them"))
			continue
		}
		entries = append(entries, part.entries...)
	}
	return entries
}

// keyOf returns a key's text. Keys are never expanded, and one that is no text
// is no setting's name.
func keyOf(n ast.MapKeyNode) string {
	if s, ok := n.(*ast.StringNode); ok {
		return s.Value
	}
	return n.String()
}

// placeOf returns where a value begins: of a block mapping, its first key. The
// parser's own position of that is the colon.
func placeOf(n ast.Node) place {
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		n = m.Values[0].Key
	}
	if tk := n.GetToken(); tk != nil && tk.Position != nil {
		return place{max(1, tk.Position.Line), max(1, tk.Position.Column)}
	}
	return place{1, 1}
}
