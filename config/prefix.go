package config

import (
	"errors"
	"strings"

	"github.com/tokengraft/tokengraft/internal/yamlbind"
)

// A PathPrefix is a path such as /auth/v1 that other paths start with. "/" stands for
// no prefix. The zero PathPrefix is unset.
type PathPrefix string

// UnmarshalText parses a path. Empty text stands for none, and a slash at the end is
// dropped.
func (p *PathPrefix) UnmarshalText(text []byte) error {
	prefix := PathPrefix("/" + strings.Trim(string(text), "/"))
	if len(text) > 0 && text[0] != '/' {
		prefix = PathPrefix(text)
	}
	if err := prefix.check(); err != nil {
		return err
	}
	*p = prefix
	return nil
}

// check checks a prefix. An unset one is right.
func (p PathPrefix) check() error {
	if p != "" && (!isPath(string(p)) || strings.ContainsAny(string(p), "{}")) {
		return errors.New(`must be a path like /auth/v1, without wildcards, or "" for none`)
	}
	return nil
}

// text returns the prefix without a slash at its end, or "" for none.
func (p PathPrefix) text() string { return strings.TrimRight(string(p), "/") }

var _ = yamlbind.Describe[PathPrefix](yamlbind.Scalar{
	Want:    "a path",
	Schemas: []yamlbind.Schema{yamlbind.Matching(`^(/[^?#{}]*)?$`)},
})

// rebase replaces the prefix of the paths in a preset: in its patterns, and in the paths
// of its JWKS and its discovery documents. Other paths stay.
func rebase(base *yamlbind.Node, from, to string) {
	for _, key := range []string{"rules", "addresses"} {
		for _, rule := range items(base.Get(key)) {
			replacePrefix(rule.Get("match"), from, to)
		}
	}
	for _, paths := range []*yamlbind.Node{
		base.Get("deletions"), setting(base, "sign", "jwks_path"), setting(base, "oidc", "discovery"),
	} {
		for _, path := range items(paths) {
			replacePrefix(path, from, to)
		}
	}
}

// setting returns the node of a setting in a section. It returns nil if there is none.
func setting(base *yamlbind.Node, section, key string) *yamlbind.Node {
	if s := base.Get(section); s != nil {
		return s.Get(key)
	}
	return nil
}

// items returns the items of a list, or else the node itself.
func items(n *yamlbind.Node) []*yamlbind.Node {
	switch {
	case n == nil:
		return nil
	case n.Kind == yamlbind.List:
		return n.Items
	}
	return []*yamlbind.Node{n}
}

// replacePrefix replaces the prefix of a path, or of the path in a pattern.
func replacePrefix(n *yamlbind.Node, from, to string) {
	method, path, ok := strings.Cut(n.Text, " ")
	if ok {
		method += " "
	} else {
		method, path = "", n.Text
	}
	rest, ok := strings.CutPrefix(path, from)
	if !ok {
		return
	}
	path = to + rest
	switch {
	case path == "":
		path = "/{$}" // the root itself; / is every path
	case path[0] != '/':
		path = "/" + path // of /users.json without /users
	}
	n.Text = method + path
}
