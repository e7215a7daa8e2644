package yamlbind

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// A Part is what is wrong with a part of a raw value.
type Part struct {
	Path   string // below the setting; empty for all of it
	Offset int    // of its first byte in the JSON text
	Err    error
}

// Parts is the error of a parser of a raw value, see [Scalar.Raw].
type Parts []Part

// Error implements [error].
func (p Parts) Error() string {
	texts := make([]string, len(p))
	for i, part := range p {
		texts[i] = strings.TrimPrefix(fmt.Sprintf("%s: %v", part.Path, part.Err), ": ")
	}
	return strings.Join(texts, "; ")
}

// maxRaw is the size of the largest raw value as JSON, in bytes. Aliases can make it larger
// than the file.
const maxRaw = 128 << 10

// raw parses a value of any kind from its JSON text. A text is JSON text itself.
func (b *Binder) raw(path string, n *Node, f Field, v reflect.Value) {
	w := rawWriter{b: b, path: path}
	switch n.Kind {
	case Text:
		text, err := Expand(n.Text, b.Env)
		if err != nil {
			b.Fault(path, err)
			return
		}
		w.out = []byte(text)
	default:
		w.node(path, n)
	}
	if w.failed {
		return
	}
	var parts Parts
	if err := setText(v, string(w.out)); errors.As(err, &parts) {
		for _, part := range parts {
			b.FaultAt(w.placeOf(part.Offset, n), within(path, part.Path), part.Err)
		}
	} else {
		b.text(path, string(w.out), f, v)
	}
}

// within returns the path of a part of the setting at path.
func within(path, below string) string {
	if below == "" || below[0] == '[' {
		return path + below
	}
	return path + "." + below
}

// A rawWriter writes a node as JSON, and keeps the place of each name and value.
type rawWriter struct {
	b      *Binder
	path   string // of the setting
	out    []byte
	marks  []mark
	failed bool
	large  bool
}

type mark struct {
	offset int
	place  Place
}

func (w *rawWriter) fail(at Place, path string, err error) {
	w.failed = true
	w.b.FaultAt(at, path, err)
	w.out = append(w.out, "null"...)
}

func (w *rawWriter) mark(at Place) { w.marks = append(w.marks, mark{len(w.out), at}) }

// placeOf returns the place of what begins at an offset, or the nearest before it.
func (w *rawWriter) placeOf(offset int, n *Node) Place {
	at := n.Place
	for _, m := range w.marks {
		if m.offset > offset {
			break
		}
		at = m.place
	}
	return at
}

func (w *rawWriter) node(path string, n *Node) {
	if w.large {
		return
	}
	if len(w.out) > maxRaw {
		w.large = true
		w.fail(w.b.Find(w.path), w.path, fmt.Errorf("is larger than %d bytes as JSON; shorten it", maxRaw))
		return
	}
	w.mark(n.Place)
	switch n.Kind {
	case Nothing:
		w.out = append(w.out, "null"...)
	case Bare:
		w.bare(path, n)
	case Text:
		w.text(path, n)
	case List:
		w.list(path, n)
	case Mapping:
		w.mapping(path, n)
	}
}

func (w *rawWriter) bare(path string, n *Node) {
	if !json.Valid([]byte(n.Text)) {
		w.fail(n.Place, path, fmt.Errorf("%s is not a number or boolean of JSON; write it as in JSON, or put it in quotes", n.Text))
		return
	}
	w.out = append(w.out, n.Text...)
}

func (w *rawWriter) text(path string, n *Node) {
	text, err := Expand(n.Text, w.b.Env)
	if err != nil {
		w.fail(n.Place, path, err)
		return
	}
	w.quote(text)
}

func (w *rawWriter) quote(text string) {
	quoted, _ := json.Marshal(text) // a string can always be encoded
	w.out = append(w.out, quoted...)
}

func (w *rawWriter) list(path string, n *Node) {
	w.out = append(w.out, '[')
	for i, item := range n.Items {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		w.node(index(path, i), item)
	}
	w.out = append(w.out, ']')
}

func (w *rawWriter) mapping(path string, n *Node) {
	w.out = append(w.out, '{')
	for i, p := range n.Pairs {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		w.mark(p.Place)
		w.quote(p.Key)
		w.out = append(w.out, ':')
		w.node(join(path, p.Key), p.Value)
	}
	w.out = append(w.out, '}')
}
