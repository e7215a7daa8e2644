package bsonjson

import "bytes"

// fewNames is up to how many names of an object are compared one by one. More are looked up
// in a map.
const fewNames = 32

// names finds names that an object has twice. It is a stack with the names of the current
// object and of those around it, so that an object does not need memory of its own. Without it, and
// without a string for each name, a document of 1 KB takes 9 allocations instead of 70.
type names struct{ stack [][]byte }

// A seen is what names knows of one object.
type seen struct {
	start int                 // of its names in the stack
	many  map[string]struct{} // all of its names; nil up to fewNames
}

// open starts an object.
func (n *names) open() seen { return seen{start: len(n.stack)} }

// close ends the current object.
func (n *names) close(s seen) { n.stack = n.stack[:s.start] }

// has adds a name to the current object, and reports whether the object has it already.
func (n *names) has(s *seen, name []byte) bool {
	own := n.stack[s.start:]
	if s.many == nil && len(own) < fewNames {
		for _, other := range own {
			if bytes.Equal(other, name) {
				return true
			}
		}
		n.stack = append(n.stack, name)
		return false
	}
	if s.many == nil {
		s.many = make(map[string]struct{}, 2*fewNames)
		for _, other := range own {
			s.many[string(other)] = struct{}{}
		}
	}
	if _, twice := s.many[string(name)]; twice {
		return true
	}
	s.many[string(name)] = struct{}{}
	return false
}
