package yamlbind

import "slices"

// A Node is a YAML value with its anchors, aliases and merge keys resolved.
// Aliases share the nodes below them, so that aliases of aliases cannot exhaust
// memory.
type Node struct {
	Place
	Kind  Kind
	Text  string  // of text and bare scalars
	Items []*Node // of lists
	Pairs []Pair  // of mappings, in their order
}

// A Pair is one key of a mapping and its value. Its place is that of the key.
type Pair struct {
	Place
	Key   string
	Value *Node
}

// A Kind of node.
type Kind string

// The kinds, as faults call them.
const (
	Nothing Kind = "nothing"
	Text    Kind = "text"
	Bare    Kind = "a number or boolean" // its text is as written in the file
	List    Kind = "a list"
	Mapping Kind = "a mapping"
)

// Get returns the value of a key of a mapping; nil if it has none.
func (n *Node) Get(key string) *Node {
	for _, p := range n.Pairs {
		if p.Key == key {
			return p.Value
		}
	}
	return nil
}

// MoveTo sets the place of a node and of all nodes below it.
func (n *Node) MoveTo(at Place) {
	n.Place = at
	for _, item := range n.Items {
		item.MoveTo(at)
	}
	for i := range n.Pairs {
		n.Pairs[i].Place = at
		n.Pairs[i].Value.MoveTo(at)
	}
}

// Merge merges n over base. For mappings the result has the keys of both, and n
// wins. For lists it has the items of n and the items of base for which joins
// reports true. Otherwise it is n. Neither argument is changed, because aliases
// share nodes.
func (n *Node) Merge(base *Node, joins func(item *Node, own []*Node) bool) *Node {
	both := *n
	switch {
	case n.Kind == Nothing && (base.Kind == Mapping || base.Kind == List): // all in it is commented out
		both.Kind, both.Pairs, both.Items = base.Kind, base.Pairs, base.Items
	case n.Kind == Mapping && base.Kind == Mapping:
		both.Pairs = slices.Clone(n.Pairs)
		for _, p := range base.Pairs {
			if i := slices.IndexFunc(both.Pairs, func(own Pair) bool { return own.Key == p.Key }); i >= 0 {
				both.Pairs[i].Value = both.Pairs[i].Value.Merge(p.Value, joins)
			} else {
				both.Pairs = append(both.Pairs, p)
			}
		}
	case n.Kind == List && base.Kind == List:
		both.Items = slices.Clone(n.Items)
		for _, item := range base.Items {
			if joins(item, n.Items) {
				both.Items = append(both.Items, item)
			}
		}
	}
	return &both
}
