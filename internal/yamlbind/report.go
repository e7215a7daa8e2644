package yamlbind

import (
	"cmp"
	"slices"
	"strings"
)

// A Place is a position in the file. Both numbers start at 1. The zero Place means
// that there is none.
type Place struct{ Line, Column int }

// A Fault is what is wrong with one setting.
type Fault struct {
	Place
	Path string // such as rules[1].tokens[0]; empty for the file as a whole
	Err  error  // says what is wrong, and what is allowed
}

// A Report collects faults and knows where each setting is in the file.
type Report struct {
	places map[string]Place // path of a setting → place of its value
	empty  map[string]bool  // settings whose text is empty
	meant  map[string]bool  // settings that the file probably has under a wrong name
	faults []Fault
}

// NewReport returns the report of a file.
func NewReport() *Report {
	return &Report{places: map[string]Place{"": {1, 1}}, empty: map[string]bool{}, meant: map[string]bool{}}
}

// Set reports whether the file has this setting, even with a wrong value. A
// setting with an empty text, for example from an optional variable, is not set.
func (r *Report) Set(path string) bool {
	_, ok := r.places[path]
	return ok && !r.empty[path]
}

// Empty reports whether the file has this setting with an empty text.
func (r *Report) Empty(path string) bool { return r.empty[path] }

// Meant reports whether the file probably has this setting, but under a wrong name,
// which is already a fault.
func (r *Report) Meant(path string) bool { return r.meant[path] }

// Fault records a fault of the setting at path. If the file does not have the
// setting, the place is that of the innermost section that it has. A second fault
// of a setting, or of a list with a wrong element, is ignored, because it often
// follows from the first. So is a fault of a setting whose name is wrong.
func (r *Report) Fault(path string, err error) {
	if r.meant[path] {
		return
	}
	known := func(f Fault) bool { return f.Path == path || strings.HasPrefix(f.Path, path+"[") }
	if !slices.ContainsFunc(r.faults, known) {
		r.FaultAt(r.Find(path), path, err)
	}
}

// FaultAt records a fault at a place.
func (r *Report) FaultAt(at Place, path string, err error) {
	r.faults = append(r.faults, Fault{at, path, err})
}

// Find returns the place of the setting, or of the innermost section around it
// that is in the file. The root has an empty path and is always in the file.
func (r *Report) Find(path string) Place {
	for {
		at, ok := r.places[path]
		if ok || path == "" {
			return at
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
}

// Faults returns the faults in the order of their places.
func (r *Report) Faults() []Fault {
	faults := slices.Clone(r.faults)
	slices.SortStableFunc(faults, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return faults
}
