package data

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/tokengraft/tokengraft/internal/appservices/jsonfile"
	"github.com/tokengraft/tokengraft/internal/fault"
)

// Faults are everything that is wrong with a rules.json, in the order in which it was found.
type Faults = fault.List[fault.InFile]

// A document is a JSON file that collects its faults and notes.
type document struct {
	file   string
	faults Faults
	notes  []string
}

// A value is a JSON value in a document.
type value struct {
	jsonfile.Value
	in   *document
	path string
}

// root returns the value of the whole document, and false if it is not valid JSON.
func (d *document) root(text []byte) (value, bool) {
	whole, err := jsonfile.Parse(text)
	v := value{Value: whole, in: d}
	if err != nil {
		v.fault("it is not valid JSON: %w", err)
	}
	return v, err == nil
}

func (v value) fault(format string, args ...any) { v.faultAt(0, v.path, fmt.Errorf(format, args...)) }

// faultAt adds a fault at an offset in the value.
func (v value) faultAt(offset int, path string, err error) {
	line, column := v.Place(offset)
	v.in.faults = append(v.in.faults, fault.InFile{File: v.in.file, Line: line, Column: column, Path: path, Err: err})
}

func (v value) note(format string, args ...any) {
	line, column := v.Place(0)
	v.in.notes = append(v.in.notes, fmt.Sprintf("%s:%d:%d: %s: %s", v.in.file, line, column, v.path, fmt.Sprintf(format, args...)))
}

// members returns the members of an object, in order. Another type and a repeated name are
// faults.
func (v value) members() (members []member) {
	if v.IsSet() && !v.IsObject() {
		v.fault("it must be an object")
	}
	seen := map[string]bool{}
	for name, text := range v.Members() {
		m := member{name, value{text, v.in, join(v.path, name)}}
		if seen[name] {
			m.fault("the member is there twice; remove one")
		}
		seen[name] = true
		members = append(members, m)
	}
	return members
}

// items returns the items of an array. Another type is a fault.
func (v value) items() (items []value) {
	if v.IsSet() && !v.IsArray() {
		v.fault("it must be an array")
	}
	for text := range v.Items() {
		items = append(items, value{text, v.in, v.path + "[" + strconv.Itoa(len(items)) + "]"})
	}
	return items
}

// string returns a string. Another type is a fault.
func (v value) string() string {
	var text string
	if v.IsSet() && json.Unmarshal(v.Text, &text) != nil {
		v.fault("it must be a string")
	}
	return text
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
