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
}

type member struct {
	name              string // unescaped
	start, value, end int    // offsets: the name's quote, the value, the byte after it
}

// Parse reads one JSON object. It returns an error for duplicate member names in
// one object at any depth, compared unescaped (RFC 7519, section 4, and RFC 7493,
// section 2.3), for invalid UTF-8, for more than 10,000 levels, and for anything
// except white space around the object. Errors never quote the text.
//
// The Object keeps text and never writes to it. Do not modify text while the
// Object is in use.
func Parse(text []byte) (*Object, error) { return parse(text, decoder(text)) }

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
	o := &Object{text: text, members: make([]member, 0, usualMembers)}
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
	var plain [64]byte // most names fit, which avoids an allocation
	name, err := jsontext.AppendUnquote(plain[:0], literal)
	if err != nil {
		return member{}, redact(err)
	}
	m := member{name: string(name), start: int(dec.InputOffset()) - len(literal)}
	value, err := dec.ReadValue()
	if err != nil {
		return member{}, redact(err)
	}
	m.end = int(dec.InputOffset())
	m.value = m.end - len(value)
	return m, nil
}

// Clone returns an Object that can be edited without changing this one.
func (o *Object) Clone() *Object {
	clone := *o
	clone.members = slices.Clone(o.members)
	clone.undo = slices.Clone(o.undo)
	return &clone
}

// Bytes returns the text with all edits so far. Do not modify it: it belongs to the
// Object.
func (o *Object) Bytes() []byte { return o.text }

// Undo returns the edits so far, in a form that reverts [Object.Bytes] to the text
// that was parsed.
func (o *Object) Undo() Undo { return o.undo }

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
	return len(slices.DeleteFunc(slices.Clone(o.members), func(m member) bool { return m.name != name })) > 1
}

// Contradicts reports whether there are two members of this name with different texts.
func (o *Object) Contradicts(name string) bool {
	first := o.Value(name)
	return slices.ContainsFunc(o.members, func(m member) bool {
		return m.name == name && !bytes.Equal(o.text[m.value:m.end], first)
	})
}

// Members yields the unescaped name and the text of the value of each member, in
// the order of the text.
func (o *Object) Members() iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for _, m := range o.members {
			if !yield(m.name, o.text[m.value:m.end]) {
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

// Set sets the value of a member. The value must be valid JSON; Set does not check
// it. An existing member keeps its place, and a new one becomes the last.
func (o *Object) Set(name string, value []byte) {
	if i := o.index(name); i >= 0 {
		m := &o.members[i]
		o.splice(m.value, m.end-m.value, value, i+1)
		m.end = m.value + len(value)
		return
	}
	var insert []byte
	if len(o.members) > 0 {
		insert = append(insert, ',')
	}
	m := member{name: name, start: o.end + len(insert)}
	insert = append(append(insert, Quote(name)...), ':')
	m.value = o.end + len(insert)
	insert = append(insert, value...)
	m.end = o.end + len(insert)
	o.splice(o.end, 0, insert, len(o.members))
	o.members = append(o.members, m)
}

// Remove removes a member and one comma. It does nothing if there is no such
// member.
func (o *Object) Remove(name string) {
	i := o.index(name)
	if i < 0 {
		return
	}
	start, end := o.members[i].start, o.members[i].end
	switch {
	case i > 0:
		start = o.members[i-1].end
	case len(o.members) > 1:
		end = o.members[1].start
	}
	o.members = append(o.members[:i], o.members[i+1:]...)
	o.splice(start, end-start, nil, i)
}

func (o *Object) index(name string) int {
	for i := range o.members {
		if o.members[i].name == name {
			return i
		}
	}
	return -1
}

// splice replaces length bytes at offset and records how to undo it. Then it moves
// the offsets after the edit: those of the members from index next, and of the
// closing brace.
func (o *Object) splice(offset, length int, with []byte, next int) {
	was := o.text[offset : offset+length]
	text := make([]byte, 0, len(o.text)-length+len(with))
	text = append(text, o.text[:offset]...)
	text = append(text, with...)
	text = append(text, o.text[offset+length:]...)
	o.undo = o.undo.add(splice{offset: offset, length: len(with), was: was})
	o.text = text

	delta := len(with) - length
	for i := next; i < len(o.members); i++ {
		o.members[i].start += delta
		o.members[i].value += delta
		o.members[i].end += delta
	}
	o.end += delta
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
