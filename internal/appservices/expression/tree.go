package expression

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The bounds of a text.
const (
	maxText  = 64 << 10 // bytes
	maxDepth = 32
	maxNodes = 4096 // values
)

// A node is a JSON value and where it is.
type node struct {
	kind    kind
	at      int    // offset of the first byte
	path    string // from the root
	raw     []byte // the JSON text
	text    string // of a text
	members []member
	items   []*node
}

// A member is a name in an object with its value.
type member struct {
	name  string
	at    int // of the name
	path  string
	value *node
}

type kind int

const (
	other kind = iota // a number or null
	truth
	text
	list
	object
)

// A treeReader makes nodes from a text.
type treeReader struct {
	*parser
	input []byte
	dec   *json.Decoder
	nodes int
	at    int // offset of the last token
}

// tree reads a text. The result is nil if the text is not JSON or too large.
func (p *parser) tree(input []byte) *node {
	switch {
	case len(input) > maxText:
		p.fault(0, "", "the expression has more than %d bytes; call a function instead", maxText)
		return nil
	case !utf8.Valid(input):
		p.fault(0, "", "the text is not UTF-8; save it as UTF-8")
		return nil
	}
	r := &treeReader{parser: p, input: input, dec: json.NewDecoder(bytes.NewReader(input))}
	r.dec.UseNumber()
	root, err := r.node("", 0)
	if err == nil {
		err = r.end()
	}
	if err != nil {
		p.fault(r.at, "", "%w", err)
		return nil
	}
	return root
}

// end reports text after the value.
func (r *treeReader) end() error {
	r.at = r.next()
	if _, err := r.dec.Token(); err != io.EOF {
		return errors.New("more text is after the end of the expression; remove it")
	}
	return nil
}

// token returns the next token, and keeps where it is.
func (r *treeReader) token() (json.Token, error) {
	r.at = r.next()
	token, err := r.dec.Token()
	switch {
	case err == io.EOF:
		return nil, errors.New("the text ends too early; it must be a JSON value")
	case err != nil:
		return nil, fmt.Errorf("the text is not valid JSON: %w", err)
	}
	return token, nil
}

// next returns the offset of the next token.
func (r *treeReader) next() int {
	at := int(r.dec.InputOffset())
	rest := r.input[at:]
	return at + len(rest) - len(bytes.TrimLeft(rest, " \t\r\n,:"))
}

func (r *treeReader) node(path string, depth int) (*node, error) {
	if r.nodes++; r.nodes > maxNodes {
		return nil, fmt.Errorf("the expression has more than %d values; call a function instead", maxNodes)
	}
	if depth > maxDepth {
		return nil, fmt.Errorf("the expression is nested more than %d levels deep; call a function instead", maxDepth)
	}
	n := &node{at: r.next(), path: path}
	token, err := r.token()
	if err != nil {
		return nil, err
	}
	switch token := token.(type) {
	case json.Delim:
		err = r.inside(n, token, depth)
	case string:
		n.kind, n.text = text, token
	case bool:
		n.kind = truth
	}
	n.raw = r.input[n.at:r.dec.InputOffset()]
	return n, err
}

// inside reads the members or items of a node, and the end of it.
func (r *treeReader) inside(n *node, open json.Delim, depth int) error {
	read := r.member
	if n.kind = object; open == '[' {
		n.kind, read = list, r.item
	}
	for r.dec.More() {
		if err := read(n, depth); err != nil {
			return err
		}
	}
	_, err := r.token()
	return err
}

func (r *treeReader) item(n *node, depth int) error {
	item, err := r.node(fmt.Sprintf("%s[%d]", n.path, len(n.items)), depth+1)
	n.items = append(n.items, item)
	return err
}

func (r *treeReader) member(n *node, depth int) error {
	m := member{at: r.next()}
	token, err := r.token()
	if err != nil {
		return err
	}
	m.name, _ = token.(string)
	m.path = join(n.path, m.name)
	for _, before := range n.members {
		if before.name == m.name {
			r.fault(m.at, m.path, "the name is twice in an object; merge both with $and")
		}
	}
	m.value, err = r.node(m.path, depth+1)
	n.members = append(n.members, m)
	return err
}

var plainName = regexp.MustCompile(`^[\w-]+$`)

// join returns the path of a member, as faults of the configuration write it.
func join(path, name string) string {
	if !plainName.MatchString(name) {
		name = strconv.Quote(name)
	}
	return strings.TrimPrefix(path+"."+name, ".")
}
