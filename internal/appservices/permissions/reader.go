package permissions

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/tokengraft/tokengraft/internal/appservices/expression"
	"github.com/tokengraft/tokengraft/internal/appservices/jsonfile"
	"github.com/tokengraft/tokengraft/internal/fault"
)

// A reader reads the files one after the other.
type reader struct {
	dir    fs.FS
	has    func(name string) bool
	read   *Permissions
	name   string // of the file
	faults []error
}

// file reads one file: a list of entries, or, in the folder of a function, its entry.
func (r *reader) file(name string) {
	text, err := fs.ReadFile(r.dir, name)
	if err != nil {
		r.faults = append(r.faults, err)
		return
	}
	r.name = name
	all, err := jsonfile.Parse(text)
	switch folder := path.Dir(name); {
	case err != nil:
		r.fault(all, 0, "invalid JSON: %w", err)
	case folder != ".":
		r.entry(all, folder)
	case !all.IsArray():
		r.fault(all, 0, "must be a list of functions")
	default:
		for entry := range all.Items() {
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
func (r *reader) entry(v jsonfile.Value, name string) {
	if !v.IsObject() {
		r.fault(v, 0, "must be an object")
		return
	}
	members := r.members(v)
	f := Function{Name: name}
	r.decode(members["name"], "name", "a text", &f.Name)
	r.decode(members["private"], "private", "true or false", &f.Private)
	r.decode(members["run_as_system"], "run_as_system", "true or false", &f.System)
	f.CanEvaluate = r.expression(members["can_evaluate"])
	if f.Name == "" {
		r.fault(v, 0, "the name is missing")
		return
	}
	if r.isCallable(v, f, members) {
		r.read.Functions[f.Name] = f
	}
}

// isCallable reports whether an entry makes its function callable, and notes why not.
func (r *reader) isCallable(v jsonfile.Value, f Function, members map[string]jsonfile.Value) bool {
	twice := r.read.Named[f.Name]
	r.read.Named[f.Name] = true
	if twice {
		r.fault(v, 0, "there is already an entry for the function %q; remove one of them", f.Name)
		return false
	}
	if !r.has(f.Name) {
		r.note(v, "there is no function %q in this directory", f.Name)
		return false
	}
	for _, other := range []string{"run_as_user_id", "run_as_user_id_script_source"} {
		if m, ok := members[other]; ok && !f.System && !isEmpty(m) {
			r.note(m, "%s is not supported, so users cannot call the function %q. Set run_as_system, or remove the field so that the function runs as its caller", other, f.Name)
			return false
		}
	}
	return true
}

// members returns the members of an object by name.
func (r *reader) members(v jsonfile.Value) map[string]jsonfile.Value {
	found := map[string]jsonfile.Value{}
	for name, m := range v.Members() {
		if _, twice := found[name]; twice {
			r.fault(m, 0, "%s: is there twice; remove one of them", name)
		}
		if !fields[name] {
			r.note(m, "%s has no effect", name)
		}
		found[name] = m
	}
	return found
}

// expression reads a rule expression. It returns nil if there is none.
func (r *reader) expression(v jsonfile.Value) *expression.Expression {
	if isEmpty(v) {
		return nil
	}
	e, err := expression.Parse(v.Text, expression.Scope{Request: true, Functions: r.has})
	if err == nil {
		return e
	}
	var faults expression.Faults
	if !errors.As(err, &faults) {
		r.fault(v, 0, "can_evaluate: %w", err)
	}
	for _, f := range faults {
		where := "can_evaluate"
		if f.Path != "" {
			where += ": " + f.Path
		}
		r.fault(v, f.Offset, "%s: %w", where, f.Err)
	}
	return nil
}

// decode reads a member, if there is one.
func (r *reader) decode(v jsonfile.Value, name, allowed string, into any) {
	if !isEmpty(v) && json.Unmarshal(v.Text, into) != nil {
		r.fault(v, 0, "%s: must be %s", name, allowed)
	}
}

// isEmpty reports whether a value is missing, null or an empty text.
func isEmpty(v jsonfile.Value) bool { return !v.IsSet() || string(v.Text) == `""` }

// fault notes a fault at an offset in a value.
func (r *reader) fault(v jsonfile.Value, offset int, format string, args ...any) {
	line, column := v.Place(offset)
	r.faults = append(r.faults, fault.InFile{File: r.name, Line: line, Column: column, Err: fmt.Errorf(format, args...)})
}

func (r *reader) note(v jsonfile.Value, format string, args ...any) {
	line, column := v.Place(0)
	r.read.Notes = append(r.read.Notes, fmt.Sprintf("%s:%d:%d: %s", r.name, line, column, fmt.Sprintf(format, args...)))
}
