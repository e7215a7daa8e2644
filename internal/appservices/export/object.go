package export

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
)

// An object is a JSON object that knows the line of each member. A member that is
// missing or null has the zero value; a member of another type than the requested
// one is a fault. The nil object has no members.
type object struct {
	file    string
	members map[string]value
	faults  *Faults
}

// A value is JSON text and where it starts in its file. Lines and columns count from 1;
// columns count bytes.
type value struct {
	text         json.RawMessage
	line, column int
}

// after returns the part of a value that starts at an offset of its text.
func (v value) after(offset int) value {
	before := v.text[:offset]
	line, column := v.line+bytes.Count(before, []byte("\n")), v.column+offset
	if end := bytes.LastIndexByte(before, '\n'); end >= 0 {
		column = offset - end
	}
	return value{v.text[offset:], line, column}
}

// object reads a file that contains one object. If that fails, it adds a fault and
// returns an empty object.
func (e *export) object(file string) *object {
	o := &object{file: file, faults: &e.faults}
	if v, ok := e.value(file); ok {
		o.members = o.membersOf("", v)
	}
	return o
}

// value reads a JSON file. If that fails, it adds a fault and returns false.
func (e *export) value(file string) (value, bool) {
	text, err := fs.ReadFile(e, file)
	if err != nil {
		if cause, ok := errors.AsType[*fs.PathError](err); ok {
			err = cause.Err // the fault names the file
		}
		e.faults.add(file, 0, err)
		return value{}, false
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	var anything any
	if err := json.Unmarshal(text, &anything); err != nil {
		at := len(text)
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			at = min(at, int(syntax.Offset))
		}
		e.faults.add(file, 1+bytes.Count(text[:at], []byte("\n")), fmt.Errorf("invalid JSON: %w", err))
		return value{}, false
	}
	return value{text, 1, 1}.after(len(text) - len(bytes.TrimLeft(text, " \t\r\n"))), true
}

// membersOf returns the members of an object. A value of another type is a fault,
// whose text starts with the prefix. The text of the value is valid JSON.
func (o *object) membersOf(prefix string, v value) map[string]value {
	if len(v.text) == 0 || v.text[0] != '{' {
		o.faults.add(o.file, v.line, errors.New(prefix+"must be an object"))
		return nil
	}
	members := map[string]value{}
	dec := json.NewDecoder(bytes.NewReader(v.text))
	dec.Token()
	for dec.More() {
		name, _ := dec.Token()
		var text json.RawMessage
		if dec.Decode(&text) != nil {
			break
		}
		member := v.after(int(dec.InputOffset()) - len(text))
		member.text = text
		members[name.(string)] = member
	}
	return members
}

// objectsOf returns the objects of a list. Other values are faults, whose text starts
// with the prefix.
func (o *object) objectsOf(prefix string, v value) (objects []*object) {
	if len(v.text) == 0 || v.text[0] != '[' {
		o.faults.add(o.file, v.line, errors.New(prefix+"must be a list"))
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(v.text))
	dec.Token()
	for dec.More() {
		var text json.RawMessage
		if dec.Decode(&text) != nil {
			break
		}
		item := v.after(int(dec.InputOffset()) - len(text))
		item.text = text
		objects = append(objects, &object{file: o.file, faults: o.faults, members: o.membersOf(prefix, item)})
	}
	return objects
}

func (o *object) has(name string) bool {
	if o == nil {
		return false
	}
	v, ok := o.members[name]
	return ok && string(v.text) != "null"
}

func (o *object) text(name string) string {
	text := ""
	o.decode(name, &text, "text")
	return text
}

func (o *object) boolean(name string) bool {
	is := false
	o.decode(name, &is, "true or false")
	return is
}

// texts returns a list of strings. A single string is a list of one.
func (o *object) texts(name string) []string {
	if o.has(name) && o.members[name].text[0] == '"' {
		return []string{o.text(name)}
	}
	var all []string
	o.decode(name, &all, "text or a list of texts")
	return all
}

// object returns a member that is an object, or nil if there is none.
func (o *object) object(name string) *object {
	if !o.has(name) {
		return nil
	}
	return &object{file: o.file, faults: o.faults, members: o.membersOf(name+": ", o.members[name])}
}

// objects returns a member that is a list of objects.
func (o *object) objects(name string) []*object {
	if !o.has(name) {
		return nil
	}
	return o.objectsOf(name+": ", o.members[name])
}

func (o *object) decode(name string, into any, allowed string) {
	if !o.has(name) {
		return
	}
	if json.Unmarshal(o.members[name].text, into) != nil {
		o.fault(name, fmt.Errorf("must be %s", allowed))
	}
}

// fault reports a fault of a member.
func (o *object) fault(name string, err error) {
	o.faults.add(o.file, o.members[name].line, fmt.Errorf("%s: %w", name, err))
}

// names returns the names of the members, sorted.
func (o *object) names() []string {
	if o == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(o.members))
}
