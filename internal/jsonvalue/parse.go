package jsonvalue

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// MaxDepth is how deep objects and arrays may nest.
const MaxDepth = 32

var (
	errText      = errors.New("it is not valid UTF-8")
	errJSON      = errors.New("it is not valid JSON")
	errTwice     = errors.New("an object has two members with the same name")
	errDepth     = fmt.Errorf("it is nested more than %d levels deep", MaxDepth)
	errSurrogate = errors.New("an escape is half of a surrogate pair")
)

// Parse reads one JSON value. It refuses invalid UTF-8, two members with the same name in
// an object, and values that nest deeper than [MaxDepth]. The error quotes nothing.
func Parse(text []byte) (Value, error) {
	if !utf8.Valid(text) {
		return Value{}, errText
	}
	if !json.Valid(text) {
		return Value{}, errJSON
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	p := parser{d, bytes.Contains(text, []byte("\ufffd")) || bytes.Contains(bytes.ToLower(text), []byte(`\ufffd`))}
	v, err := p.value(0)
	if err != nil {
		return Value{}, err
	}
	if _, err := d.Token(); err != io.EOF {
		return Value{}, errJSON
	}
	return v, nil
}

// A parser reads values. replaced says that the text itself has U+FFFD; otherwise the
// decoder has put it instead of half of a surrogate pair.
type parser struct {
	d        *json.Decoder
	replaced bool
}

func (p parser) value(depth int) (Value, error) {
	if depth > MaxDepth {
		return Value{}, errDepth
	}
	token, err := p.d.Token()
	if err != nil {
		return Value{}, errJSON
	}
	switch token := token.(type) {
	case json.Delim:
		if token == '{' {
			return p.object(depth)
		}
		return p.array(depth)
	case bool:
		return Value{kind: Bool, text: fmt.Sprint(token)}, nil
	case json.Number:
		return Value{kind: Number, text: token.String()}, nil
	case string:
		return Value{kind: String, text: token}, p.check(token)
	}
	return Value{}, nil
}

func (p parser) check(text string) error {
	if !p.replaced && bytes.ContainsRune([]byte(text), utf8.RuneError) {
		return errSurrogate
	}
	return nil
}

func (p parser) object(depth int) (Value, error) {
	v, seen := Value{kind: Object}, map[string]bool{}
	for p.d.More() {
		token, err := p.d.Token()
		name, ok := token.(string)
		switch {
		case err != nil || !ok:
			return Value{}, errJSON
		case seen[name]:
			return Value{}, errTwice
		}
		seen[name] = true
		if err := p.check(name); err != nil {
			return Value{}, err
		}
		value, err := p.value(depth + 1)
		if err != nil {
			return Value{}, err
		}
		v.members = append(v.members, Member{name, value})
	}
	_, err := p.d.Token()
	return v, err
}

func (p parser) array(depth int) (Value, error) {
	v := Value{kind: Array}
	for p.d.More() {
		item, err := p.value(depth + 1)
		if err != nil {
			return Value{}, err
		}
		v.items = append(v.items, item)
	}
	_, err := p.d.Token()
	return v, err
}

// Append appends the value as JSON on one line. Numbers have the digits that they were read
// with.
func (v Value) Append(dst []byte) []byte {
	switch v.kind {
	case Bool, Number:
		return append(dst, v.text...)
	case String:
		return appendString(dst, v.text)
	case Object:
		dst = append(dst, '{')
		for i, m := range v.members {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendString(dst, m.Name), ':')
			dst = m.Value.Append(dst)
		}
		return append(dst, '}')
	case Array:
		dst = append(dst, '[')
		for i, item := range v.items {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = item.Append(dst)
		}
		return append(dst, ']')
	}
	return append(dst, "null"...)
}

func appendString(dst []byte, text string) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(text) // a string can always be encoded
	return append(dst, bytes.TrimSuffix(b.Bytes(), []byte("\n"))...)
}

// size returns about how many bytes the value takes as JSON, without escapes.
func (v Value) size() int {
	n := len(v.text) + 4
	for _, m := range v.members {
		n += len(m.Name) + 4 + m.Value.size()
	}
	for _, item := range v.items {
		n += 1 + item.size()
	}
	return n
}

// depth returns how deep objects and arrays nest in the value.
func (v Value) depth() int {
	deepest := 0
	for _, m := range v.members {
		deepest = max(deepest, m.Value.depth())
	}
	for _, item := range v.items {
		deepest = max(deepest, item.depth())
	}
	if v.kind == Object || v.kind == Array {
		deepest++
	}
	return deepest
}
