// Package permissions reads who may call the functions of an exported App Services app:
// functions/config.json, and in exports from before 2021 functions/NAME/config.json.
package permissions

import (
	"errors"
	"io/fs"
	"path"

	"github.com/tokengraft/tokengraft/internal/appservices/expression"
)

// A Function says who may call a function, and what it may do then.
type Function struct {
	Name string
	// Private means that only other functions and rules may call it.
	Private bool
	// CanEvaluate must be true for the user and the request. Nil is true.
	CanEvaluate *expression.Expression
	// System means that the function may use all of the database, for every caller.
	System bool
}

// Permissions are what the files say about all functions. The zero Permissions have none,
// so that no function may be called.
type Permissions struct {
	// Functions are those that may be called, by name. A function without an entry is not
	// among them.
	Functions map[string]Function
	// Named are all functions that have an entry.
	Named map[string]bool
	// Notes are about what has no effect here. Each names its place as FILE:LINE:COLUMN.
	Notes []string
}

// manifest is the file in the directory of functions, and in those of single functions.
const manifest = "config.json"

// Read reads the permissions in a directory of functions. has reports whether there is a
// function of a name. The error joins all faults, each a [fault.InFile]. Without any file there
// are no permissions.
func Read(dir fs.FS, has func(name string) bool) (*Permissions, error) {
	r := &reader{dir: dir, has: has, read: &Permissions{Functions: map[string]Function{}, Named: map[string]bool{}}}
	err := fs.WalkDir(dir, ".", func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && entry.Name() == "node_modules":
			return fs.SkipDir
		case !entry.IsDir() && path.Base(file) == manifest:
			r.file(file)
		}
		return nil
	})
	return r.read, errors.Join(append(r.faults, err)...)
}
