package config

import (
	"cmp"
	"slices"
	"strings"
)

// A place is a position in the file, both numbers from 1.
type place struct{ line, column int }

// A report gathers faults and knows where each setting stands in the file.
type report struct {
	file   string
	places map[string]place // path of a setting in the file → its value's place
	empty  map[string]bool  // those of them whose text is empty
	faults Faults
}

func newReport(file string) *report {
	return &report{file: file, places: map[string]place{"": {1, 1}}, empty: map[string]bool{}}
}

// set reports whether the file has this setting, right or wrong. An empty text,
// such as an optional variable leaves, is as good as none.
func (r *report) set(path string) bool {
	_, ok := r.places[path]
	return ok && !r.empty[path]
}

// fault records a fault of the setting at path. One that is not in the file is
// blamed on the innermost mapping that is. A setting that was already found
// wrong, or a list with an element that was, is left at that: what follows from
// it would only distract.
func (r *report) fault(path string, err error) {
	known := func(f FieldError) bool { return f.Path == path || strings.HasPrefix(f.Path, path+"[") }
	if !slices.ContainsFunc(r.faults, known) {
		r.faultAt(r.find(path), path, err)
	}
}

func (r *report) faultAt(at place, path string, err error) {
	r.faults = append(r.faults, FieldError{r.file, at.line, at.column, path, err})
}

// find returns the place of the setting, or of the innermost mapping around it
// that is in the file. The root, whose path is empty, always is.
func (r *report) find(path string) place {
	for {
		if at, ok := r.places[path]; ok {
			return at
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
}

// err returns the faults in the order of their places, or nil without any.
func (r *report) err() error {
	if len(r.faults) == 0 {
		return nil
	}
	slices.SortStableFunc(r.faults, func(a, b FieldError) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return r.faults
}
