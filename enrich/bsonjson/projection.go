package bsonjson

import (
	"fmt"
	"slices"
	"strings"
)

// A Projection says which parts of a document reach the token. A path is names joined
// with dots, as in MongoDB. The zero Projection keeps the whole document.
type Projection struct {
	// Include lists the paths to keep. Empty keeps everything.
	Include []string
	// Exclude lists the paths to drop. Together with Include it may contain only _id.
	Exclude []string
}

// Validate returns an error for a projection that MongoDB would refuse or that is
// ambiguous: a path that is not valid, paths that overlap, or an Exclude of anything
// other than _id together with an Include.
func (p Projection) Validate() error {
	if len(p.Include) > 0 {
		for _, path := range p.Exclude {
			if path != "_id" {
				return fmt.Errorf("cannot exclude %q together with an include; with an include, only _id can be excluded", path)
			}
		}
	}
	for _, paths := range [][]string{p.Include, p.Exclude} {
		for i, path := range paths {
			if slices.Contains(strings.Split(path, "."), "") || strings.HasPrefix(path, "$") {
				return fmt.Errorf("%q is not a path in a document; use names joined with dots", path)
			}
			for _, other := range paths[:i] {
				if path == other || strings.HasPrefix(path, other+".") || strings.HasPrefix(other, path+".") {
					return fmt.Errorf("the paths %q and %q overlap; remove one of them", other, path)
				}
			}
		}
	}
	return nil
}
