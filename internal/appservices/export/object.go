package export

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"github.com/tokengraft/tokengraft/internal/appservices/jsonfile"
)

// An object is a JSON object that knows the line of each member. A member that is
// missing or null has the zero value; a member of another type than the requested
// one is a fault. The nil object has no members.
type object struct {
	file    string
	members map[string]jsonfile.Value
	faults  *Faults
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
func (e *export) value(file string) (jsonfile.Value, bool) {
	text, err := fs.ReadFile(e, file)
	if err != nil {
		if cause, ok := errors.AsType[*fs.PathError](err); ok {
			err = cause.Err // the fault names the file
		}
		e.faults.add(file, 0, err)
		return jsonfile.Value{}, false
	}
	v, err := jsonfile.Parse(text)
	if err != nil {
		e.faults.add(file, line(v), fmt.Errorf("invalid JSON: %w", err))
	}
	return v, err == nil
}

// line returns the line of a value in its file.
func line(v jsonfile.Value) int {
	line, _ := v.Place(0)
	return line
}

// membersOf returns the members of an object. A value of another type is a fault,
// whose text starts with the prefix.
func (o *object) membersOf(prefix string, v jsonfile.Value) map[string]jsonfile.Value {
	if !v.IsObject() {
		o.faults.add(o.file, line(v), errors.New(prefix+"must be an object"))
		return nil
	}
	return maps.Collect(v.Members())
}

// objectsOf returns the objects of a list. Other values are faults, whose text starts
// with the prefix.
func (o *object) objectsOf(prefix string, v jsonfile.Value) (objects []*object) {
	if !v.IsArray() {
		o.faults.add(o.file, line(v), errors.New(prefix+"must be a list"))
	}
	for item := range v.Items() {
		objects = append(objects, &object{file: o.file, faults: o.faults, members: o.membersOf(prefix, item)})
	}
	return objects
}

func (o *object) has(name string) bool {
	if o == nil {
		return false
	}
	return o.members[name].IsSet()
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
	if o.has(name) && o.members[name].Text[0] == '"' {
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
	if json.Unmarshal(o.members[name].Text, into) != nil {
		o.fault(name, fmt.Errorf("must be %s", allowed))
	}
}

// fault reports a fault of a member.
func (o *object) fault(name string, err error) {
	o.faults.add(o.file, line(o.members[name]), fmt.Errorf("%s: %w", name, err))
}

// names returns the names of the members, sorted.
func (o *object) names() []string {
	if o == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(o.members))
}
