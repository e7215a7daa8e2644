// Package jsonedit edits JSON text and keeps every byte that it is not asked to
// replace: key order, number literals, white space and unknown members stay as the
// backend signed them (law A3). It never decodes into Go maps.
//
// It is the only package that imports the JSON library.
package jsonedit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

// ErrNotObject is the error of [Parse] for valid JSON that is not an object.
var ErrNotObject = errors.New("not a JSON object")

// An Object is the text of one JSON object and the offsets of its members. Make one
// with [Parse]. It is not safe for concurrent use while it is edited.
type Object struct {
	text    []byte
	members []member
	end     int // offset of the closing brace
	undo    Undo

	usual   [usualMembers]member // the memory of members, if that is enough
	inPlace bool                 // text is memory of the Object, which edits overwrite
	insert  []byte               // the memory of what Set inserts
}

type member struct {
	start, value, end int    // offsets: the name's quote, the value, the byte after it
	nameLength        int    // in the text, without the quotes
	escaped           string // the unescaped name, if that is not what the text has
}

// Parse reads one JSON object. It returns an error for duplicate member names in
// one object at any depth, compared unescaped (RFC 7519, section 4, and RFC 7493,
// section 2.3), for invalid UTF-8, for more than 10,000 levels, and for anything
// except white space around the object. Errors never quote the text.
//
// The Object keeps text and never writes to it. Do not modify text while the
// Object is in use.
func Parse(text []byte) (*Object, error) {
	o := new(Object)
	if err := o.Parse(text); err != nil {
		return nil, err
	}
	return o, nil
}

// Parse makes o the object of a text, as the function Parse does, in the memory that o has.
// After an error o must not be used, except for another Parse.
func (o *Object) Parse(text []byte) error {
	o.reset(text)
	if o.scan() {
		return nil
	}
	parsed, err := parse(text, decoder(text))
	if err == nil {
		*o = *parsed
	}
	return err
}

// reset makes o an Object of a text without members.
func (o *Object) reset(text []byte) {
	if o.members == nil {
		o.members = o.usual[:0]
	}
	o.text, o.members, o.end, o.undo, o.inPlace = text, o.members[:0], 0, o.undo[:0], false
}

func newObject(text []byte) *Object {
	o := new(Object)
	o.reset(text)
	return o
}

// ParseLenient is like [Parse], for a document that others write and read too: it accepts
// duplicate names, invalid UTF-8, and a byte order mark at the start, which is not part of
// [Object.Bytes]. Of two members of the same name, the first counts; see [Object.Repeats].
func ParseLenient(text []byte) (*Object, error) {
	text = bytes.TrimPrefix(text, byteOrderMark)
	return parse(text, lenient(text))
}

// parse reads one JSON object with a decoder of its text, and puts the decoder back.
func parse(text []byte, dec *jsontext.Decoder) (*Object, error) {
	defer decoders.Put(dec)

	switch kind := dec.PeekKind(); kind {
	case '{':
	case 0:
		return nil, syntaxError(dec)
	default:
		return nil, ErrNotObject
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, redact(err)
	}
	o := newObject(text)
	for dec.PeekKind() != '}' {
		m, err := readMember(dec)
		if err != nil {
			return nil, err
		}
		o.members = append(o.members, m)
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, redact(err)
	}
	o.end = int(dec.InputOffset()) - 1
	return o, atEnd(dec)
}

// usualMembers is the number of claims of most tokens.
const usualMembers = 12

func readMember(dec *jsontext.Decoder) (member, error) {
	literal, err := dec.ReadValue()
	if err != nil {
		return member{}, redact(err)
	}
	m := member{start: int(dec.InputOffset()) - len(literal), nameLength: len(literal) - len(`""`)}
	if !isPlain(literal) {
		name, err := jsontext.AppendUnquote(nil, literal)
		if err != nil {
			return member{}, redact(err)
		}
		m.escaped = string(name)
	}
	value, err := dec.ReadValue()
	if err != nil {
		return member{}, redact(err)
	}
	m.end = int(dec.InputOffset())
	m.value = m.end - len(value)
	return m, nil
}

// name returns the unescaped name of a member.
func (o *Object) name(m *member) string {
	if m.escaped != "" {
		return m.escaped
	}
	return string(o.text[m.start+1 : m.start+1+m.nameLength])
}

// isNamed reports whether a member has a name. It does not allocate.
func (o *Object) isNamed(m *member, name string) bool {
	if m.escaped != "" {
		return m.escaped == name
	}
	return m.nameLength == len(name) && string(o.text[m.start+1:m.start+1+m.nameLength]) == name
}

// Bytes returns the text with all edits so far. Do not modify it: it belongs to the
// Object.
func (o *Object) Bytes() []byte { return o.text }

// Undo returns the edits so far, in a form that reverts [Object.Bytes] to the text
// that was parsed.
func (o *Object) Undo() Undo { return o.undo }

func (o *Object) index(name string) int {
	for i := range o.members {
		if o.isNamed(&o.members[i], name) {
			return i
		}
	}
	return -1
}

// Value returns the text of a member's value, as a slice of [Object.Bytes]. It is
// nil if there is no such member.
func (o *Object) Value(name string) []byte {
	if i := o.index(name); i >= 0 {
		return o.text[o.members[i].value:o.members[i].end]
	}
	return nil
}

// Repeats reports whether there are two members of this name.
func (o *Object) Repeats(name string) bool {
	return len(slices.DeleteFunc(slices.Clone(o.members), func(m member) bool { return !o.isNamed(&m, name) })) > 1
}

// Contradicts reports whether there are two members of this name with different texts.
func (o *Object) Contradicts(name string) bool {
	first := o.Value(name)
	return slices.ContainsFunc(o.members, func(m member) bool {
		return o.isNamed(&m, name) && !bytes.Equal(o.text[m.value:m.end], first)
	})
}

// Members yields the unescaped name and the text of the value of each member, in
// the order of the text.
func (o *Object) Members() iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for _, m := range o.members {
			if !yield(o.name(&m), o.text[m.value:m.end]) {
				return
			}
		}
	}
}

// Lookup returns the text of the value at a path of member names. It is nil if
// there is no such value. The empty path is the object itself. Arrays are not
// entered.
func (o *Object) Lookup(path Path) []byte {
	if len(path) == 0 {
		return o.text
	}
	value := o.Value(path[0])
	if len(path) == 1 || value == nil {
		return value
	}
	inner, err := Parse(value)
	if err != nil {
		return nil
	}
	return inner.Lookup(path[1:])
}

var decoders = sync.Pool{New: func() any { return jsontext.NewDecoder(new(bytes.Buffer)) }}

// decoder returns a pooled decoder that reads text without copying it.
func decoder(text []byte, options ...jsontext.Options) *jsontext.Decoder {
	dec := decoders.Get().(*jsontext.Decoder)
	dec.Reset(bytes.NewBuffer(text), options...)
	return dec
}

// atEnd returns an error if anything except white space follows the value.
func atEnd(dec *jsontext.Decoder) error {
	switch _, err := dec.ReadToken(); err {
	case io.EOF:
		return nil
	case nil:
		return errors.New("more than one JSON value")
	default:
		return redact(err)
	}
}

func syntaxError(dec *jsontext.Decoder) error {
	_, err := dec.ReadToken()
	return redact(err)
}

// redact returns an error with the position and the kind of the library's error.
// The library's own text quotes the input, which may be secret.
func redact(err error) error {
	if errors.Is(err, jsontext.ErrDuplicateName) {
		return errors.New("an object has two members of the same name")
	}
	if syntactic, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		return fmt.Errorf("invalid JSON at byte %d", syntactic.ByteOffset)
	}
	return errors.New("invalid JSON")
}
