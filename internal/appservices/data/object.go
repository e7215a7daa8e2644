package data

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// A document is a JSON file that collects its faults and notes.
type document struct {
	file   string
	text   []byte
	faults Faults
	notes  []string
}

// A value is a JSON value in a document.
type value struct {
	in     *document
	path   string
	text   json.RawMessage
	offset int
}

// root returns the value of the whole document, and false if it is not valid JSON.
func (d *document) root() (value, bool) {
	d.text = bytes.TrimPrefix(d.text, []byte("\ufeff"))
	var anything json.RawMessage
	if err := json.Unmarshal(d.text, &anything); err != nil {
		at := len(d.text)
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			at = int(syntax.Offset) - 1
		}
		value{in: d, offset: max(at, 0)}.fault("it is not valid JSON: %w", err)
		return value{}, false
	}
	start := len(d.text) - len(bytes.TrimLeft(d.text, " \t\r\n"))
	return value{in: d, text: bytes.TrimRight(d.text[start:], " \t\r\n"), offset: start}, true
}

func (v value) fault(format string, args ...any) { v.faultAt(0, v.path, fmt.Errorf(format, args...)) }

// faultAt adds a fault at an offset in the value.
func (v value) faultAt(offset int, path string, err error) {
	line, column := position(v.in.text, v.offset+offset)
	v.in.faults = append(v.in.faults, &Fault{v.in.file, line, column, path, err})
}

func (v value) note(format string, args ...any) {
	line, column := position(v.in.text, v.offset)
	v.in.notes = append(v.in.notes, fmt.Sprintf("%s:%d:%d: %s: %s", v.in.file, line, column, v.path, fmt.Sprintf(format, args...)))
}

// isSet reports whether there is a value other than null.
func (v value) isSet() bool { return len(v.text) > 0 && string(v.text) != "null" }

// members returns the members of an object, in order. Another type and a repeated name are
// faults.
func (v value) members() []member {
	if !v.isSet() {
		return nil
	}
	if v.text[0] != '{' {
		v.fault("it must be an object")
		return nil
	}
	var members []member
	seen := map[string]bool{}
	dec := v.decoder()
	for dec.More() {
		token, _ := dec.Token()
		name := token.(string)
		m := member{name, v.next(dec, join(v.path, name))}
		if seen[name] {
			m.fault("the member is there twice; remove one")
		}
		seen[name] = true
		members = append(members, m)
	}
	return members
}

// items returns the items of an array. Another type is a fault.
func (v value) items() []value {
	if !v.isSet() {
		return nil
	}
	if v.text[0] != '[' {
		v.fault("it must be an array")
		return nil
	}
	var items []value
	for dec := v.decoder(); dec.More(); {
		items = append(items, v.next(dec, v.path+"["+strconv.Itoa(len(items))+"]"))
	}
	return items
}

// string returns a string. Another type is a fault.
func (v value) string() string {
	var text string
	if v.isSet() && json.Unmarshal(v.text, &text) != nil {
		v.fault("it must be a string")
	}
	return text
}

// decoder returns a decoder behind the first token of an object or an array, which is valid
// JSON.
func (v value) decoder() *json.Decoder {
	dec := json.NewDecoder(bytes.NewReader(v.text))
	dec.Token()
	return dec
}

func (v value) next(dec *json.Decoder, path string) value {
	var text json.RawMessage
	_ = dec.Decode(&text) // the text is valid
	return value{in: v.in, path: path, text: text, offset: v.offset + int(dec.InputOffset()) - len(text)}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// A member is a named value of an object.
type member struct {
	name string
	value
}
