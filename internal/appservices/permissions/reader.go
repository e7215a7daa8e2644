package permissions

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/tokengraft/tokengraft/internal/appservices/expression"
)

// A reader reads the files one after the other.
type reader struct {
	dir    fs.FS
	has    func(name string) bool
	read   *Permissions
	name   string // of the file
	text   []byte // of the file
	faults []error
}

// file reads one file: a list of entries, or, in the folder of a function, its entry.
func (r *reader) file(name string) {
	text, err := fs.ReadFile(r.dir, name)
	if err != nil {
		r.faults = append(r.faults, err)
		return
	}
	r.name, r.text = name, bytes.TrimPrefix(text, []byte("\ufeff"))
	var anything any
	if err := json.Unmarshal(r.text, &anything); err != nil {
		at := len(r.text)
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			at = min(at, int(syntax.Offset))
		}
		r.fault(at, "invalid JSON: %w", err)
		return
	}
	start := len(r.text) - len(bytes.TrimLeft(r.text, " \t\r\n"))
	all := value{r.text[start:], start}
	switch folder := path.Dir(name); {
	case folder != ".":
		r.entry(all, folder)
	case all.text[0] != '[':
		r.fault(all.at, "must be a list of functions")
	default:
		for _, entry := range all.items() {
			r.entry(entry, "")
		}
	}
}

// The fields of an entry. The value says whether the field has an effect here.
var fields = map[string]bool{
	"name": true, "private": true, "can_evaluate": true, "run_as_system": true,
	"run_as_user_id": true, "run_as_user_id_script_source": true,
	"disable_arg_logs": true, // arguments are never logged
	"id":               true, "_id": true,
}

// entry reads the entry of a function. The default is its name if the entry has none.
func (r *reader) entry(v value, name string) {
	if v.text[0] != '{' {
		r.fault(v.at, "must be an object")
		return
	}
	members := r.members(v)
	f := Function{Name: name}
	r.decode(members["name"], "name", "a text", &f.Name)
	r.decode(members["private"], "private", "true or false", &f.Private)
	r.decode(members["run_as_system"], "run_as_system", "true or false", &f.System)
	f.CanEvaluate = r.expression(members["can_evaluate"])
	if f.Name == "" {
		r.fault(v.at, "the name is missing")
		return
	}
	if r.isCallable(v, f, members) {
		r.read.Functions[f.Name] = f
	}
}

// isCallable reports whether an entry makes its function callable, and notes why not.
func (r *reader) isCallable(v value, f Function, members map[string]value) bool {
	twice := r.read.Named[f.Name]
	r.read.Named[f.Name] = true
	if twice {
		r.fault(v.at, "there is already an entry for the function %q; remove one of them", f.Name)
		return false
	}
	if !r.has(f.Name) {
		r.note(v.at, "there is no function %q in this directory", f.Name)
		return false
	}
	for _, other := range []string{"run_as_user_id", "run_as_user_id_script_source"} {
		if m, ok := members[other]; ok && !f.System && !m.isEmpty() {
			r.note(m.at, "%s is not supported, so users cannot call the function %q. Set run_as_system, or remove the field so that the function runs as its caller", other, f.Name)
			return false
		}
	}
	return true
}

// members returns the members of an object by name.
func (r *reader) members(v value) map[string]value {
	found := map[string]value{}
	for name, m := range v.members() {
		if _, twice := found[name]; twice {
			r.fault(m.at, "%s: is there twice; remove one of them", name)
		}
		if !fields[name] {
			r.note(m.at, "%s has no effect", name)
		}
		found[name] = m
	}
	return found
}

// expression reads a rule expression. It returns nil if there is none.
func (r *reader) expression(v value) *expression.Expression {
	if v.isEmpty() {
		return nil
	}
	e, err := expression.Parse(v.text, expression.Scope{Request: true, Functions: r.has})
	if err == nil {
		return e
	}
	var faults expression.Faults
	if !errors.As(err, &faults) {
		r.fault(v.at, "can_evaluate: %w", err)
	}
	for _, f := range faults {
		where := "can_evaluate"
		if f.Path != "" {
			where += ": " + f.Path
		}
		r.fault(v.at+f.Offset, "%s: %w", where, f.Err)
	}
	return nil
}

// decode reads a member, if there is one.
func (r *reader) decode(v value, name, allowed string, into any) {
	if !v.isEmpty() && json.Unmarshal(v.text, into) != nil {
		r.fault(v.at, "%s: must be %s", name, allowed)
	}
}

func (r *reader) fault(at int, format string, args ...any) {
	line, column := r.position(at)
	r.faults = append(r.faults, &Fault{r.name, line, column, fmt.Errorf(format, args...)})
}

func (r *reader) note(at int, format string, args ...any) {
	line, column := r.position(at)
	r.read.Notes = append(r.read.Notes, fmt.Sprintf("%s:%d:%d: %s", r.name, line, column, fmt.Sprintf(format, args...)))
}

// position returns the line and the column of an offset, both from 1.
func (r *reader) position(at int) (line, column int) {
	before := r.text[:min(at, len(r.text))]
	return 1 + bytes.Count(before, []byte("\n")), len(before) - bytes.LastIndexByte(before, '\n')
}
