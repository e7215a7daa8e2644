package yamlbind

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// A reader turns the YAML library's tree into nodes.
type reader struct {
	*Report
	anchors map[string]*Node
}

// Parse parses a file with one document. Syntax faults go to the report. The
// result is then incomplete, or of the kind [Nothing].
func (r *Report) Parse(source []byte) *Node {
	source = bytes.TrimPrefix(source, []byte("\ufeff"))
	nothing := &Node{Place: Place{1, 1}, Kind: Nothing}
	if at, err := checkCharacters(source); err != nil {
		r.FaultAt(at, "", fmt.Errorf("invalid YAML: %w", err))
		return nothing
	}
	file, err := parser.ParseBytes(source, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		r.syntax(source, err)
		return nothing
	}
	rd := reader{Report: r, anchors: map[string]*Node{}}
	var root *Node
	for _, doc := range file.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.DirectiveType {
			continue
		}
		if root != nil {
			r.FaultAt(placeOf(doc.Body), "", errors.New("a second YAML document starts here; write one document per file"))
			break
		}
		root = rd.node("", doc.Body)
	}
	switch {
	case root == nil:
		return nothing
	case root.Kind != Mapping && root.Kind != Nothing:
		r.FaultAt(root.Place, "", fmt.Errorf("must be a mapping, not %s", root.Kind))
		return nothing
	}
	return root
}

// node converts one value. The path is for faults.
func (r *reader) node(path string, n ast.Node) *Node {
	switch n := n.(type) {
	case *ast.AnchorNode:
		value := r.node(path, n.Value)
		// Registered after its value, so that an anchor cannot contain itself.
		r.anchors[n.Name.GetToken().Value] = value
		return value
	case *ast.AliasNode:
		return r.alias(path, n)
	case *ast.MappingNode:
		return r.mapping(path, n)
	case *ast.SequenceNode:
		items := make([]*Node, len(n.Values))
		for i, item := range n.Values {
			items[i] = r.item(fmt.Sprintf("%s[%d]", path, i), item)
		}
		return &Node{Place: placeOf(n), Kind: List, Items: items}
	case *ast.StringNode:
		return &Node{Place: placeOf(n), Kind: Text, Text: n.Value}
	case *ast.LiteralNode:
		return &Node{Place: placeOf(n), Kind: Text, Text: n.Value.Value}
	case *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return &Node{Place: placeOf(n), Kind: Bare, Text: n.GetToken().Value}
	case *ast.NullNode:
		return &Node{Place: placeOf(n), Kind: Nothing}
	}
	r.FaultAt(placeOf(n), path, errors.New("tags and similar YAML features are not supported; write a plain value"))
	return &Node{Place: placeOf(n), Kind: Nothing}
}

// item converts an item of a list. Within braces the parser splits json:token,
// text for any other YAML parser, into a mapping (goccy/go-yaml issue 832).
func (r *reader) item(path string, n ast.Node) *Node {
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
	return &Node{Place: placeOf(n), Kind: Text, Text: key.Value + ":" + value.Value}
}

func (r *reader) alias(path string, n *ast.AliasNode) *Node {
	name := n.Value.GetToken().Value
	target, ok := r.anchors[name]
	if !ok {
		r.FaultAt(placeOf(n), path, fmt.Errorf("there is no anchor &%s above this alias", name))
		return &Node{Place: placeOf(n), Kind: Nothing}
	}
	here := *target
	here.Place = placeOf(n)
	return &here
}

// mapping converts a mapping. Its own keys win over merged keys, and earlier
// merged keys win over later ones.
func (r *reader) mapping(path string, n *ast.MappingNode) *Node {
	m := &Node{Place: placeOf(n), Kind: Mapping}
	lines := map[string]int{}
	var merged []Pair
	for _, pair := range n.Values {
		at := placeOf(pair.Key)
		if _, ok := pair.Key.(*ast.MergeKeyNode); ok {
			merged = append(merged, r.merge(path, pair.Value)...)
			continue
		}
		key := keyOf(pair.Key)
		if line, ok := lines[key]; ok {
			r.FaultAt(at, join(path, key), fmt.Errorf("is set twice; the first is on line %d", line))
			continue
		}
		lines[key] = at.Line
		m.Pairs = append(m.Pairs, Pair{at, key, r.node(join(path, key), pair.Value)})
	}
	for _, e := range merged {
		if _, ok := lines[e.Key]; !ok {
			lines[e.Key] = e.Line
			m.Pairs = append(m.Pairs, e)
		}
	}
	return m
}

// merge returns the entries that a merge key adds to its mapping.
func (r *reader) merge(path string, n ast.Node) []Pair {
	value := r.node(path, n)
	parts := []*Node{value}
	if value.Kind == List {
		parts = value.Items
	}
	var entries []Pair
	for _, part := range parts {
		if part.Kind != Mapping {
			r.FaultAt(part.Place, path, errors.New("only a mapping, or a list of mappings, can be merged with <<"))
			continue
		}
		entries = append(entries, part.Pairs...)
	}
	return entries
}

// keyOf returns the text of a key. Variables in keys are never expanded.
func keyOf(n ast.MapKeyNode) string {
	if s, ok := n.(*ast.StringNode); ok {
		return s.Value
	}
	return n.String()
}

// placeOf returns the place where a value starts. A block mapping starts at its
// first key; the parser's own position is that of the colon.
func placeOf(n ast.Node) Place {
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		n = m.Values[0].Key
	}
	if tk := n.GetToken(); tk != nil && tk.Position != nil {
		return Place{max(1, tk.Position.Line), max(1, tk.Position.Column)}
	}
	return Place{1, 1}
}
