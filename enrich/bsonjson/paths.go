package bsonjson

import (
	"maps"
	"slices"
	"strings"
)

// paths is a tree of member names. A path ends at an empty subtree.
type paths map[string]paths

func newPaths(list []string) paths {
	root := paths{}
	for _, path := range list {
		at := root
		for name := range strings.SplitSeq(path, ".") {
			if at[name] == nil {
				at[name] = paths{}
			}
			at = at[name]
		}
	}
	return root
}

// list returns the paths of the tree, sorted, each with the prefix.
func (p paths) list(prefix string) []string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(p)) {
		if below := p[name]; len(below) > 0 {
			list = append(list, below.list(prefix+name+".")...)
		} else {
			list = append(list, prefix+name)
		}
	}
	return list
}
