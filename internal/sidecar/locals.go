package sidecar

import "slices"

// openLocals opens the paths that the sidecar answers itself: those for users. The error is
// a [config.FieldError].
func (g *generation) openLocals(s *Sidecar) error {
	owners, err := g.ownerLocals(s)
	if err != nil {
		return err
	}
	callers, err := g.callLocals(s)
	g.locals = slices.Concat(owners, callers)
	return err
}
