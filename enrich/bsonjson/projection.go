package bsonjson

import (
	"fmt"
	"slices"
	"strings"
)

// A Projection says which paths of a document reach the token. A path is names joined
// with dots, as in MongoDB. The zero Projection is the whole document.
type Projection struct {
	// Include is the allow-list. An empty one allows everything.
	Include []string
	// Exclude is the deny-list.
	Exclude []string
}

// Validate reports what MongoDB refuses or what is ambiguous: an allow-list together
// with a deny-list of anything but _id, empty names, and paths that overlap.
func (p Projection) Validate() error {
	if len(p.Include) > 0 {
		for _, path := range p.Exclude {
			if path != "_id" {
				return fmt.Errorf("include stands with an exclude of %q, only _id can be excluded from an include", path)
			}
		}
	}
	for _, paths := range [][]string{p.Include, p.Exclude} {
		for i, path := range paths {
			if slices.Contains(strings.Split(path, "."), "") || strings.HasPrefix(path, "$") {
				return fmt.Errorf("%q is no path of a document, want names joined with dots", path)
			}
			for _, other := range paths[:i] {
				if path == other || strings.HasPrefix(path, other+".") || strings.HasPrefix(other, path+".") {
					return fmt.Errorf("the paths %q and %q overlap", other, path)
				}
			}
		}
	}
	return nil
}
