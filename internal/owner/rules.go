package owner

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
)

// Rules say which paths of their document users may write. Paths are names joined with
// dots. A path stands for everything below it, too.
type Rules struct {
	// Writable are the paths that users may write. Empty means all.
	Writable []string
	// Identity are the paths that say whose document it is. They are never written.
	Identity []string
	// Decisive are the paths by which rule expressions decide access. The empty path is the
	// whole document.
	Decisive []string
	// AllowPrivileged are the paths that users may write although access may be decided by
	// them: those in Decisive, and those with a name like roles or isAdmin.
	AllowPrivileged []string
}

// Privileged reports whether users must not write a path because access may be decided by
// it.
func (r Rules) Privileged(path string) bool {
	for name := range strings.SplitSeq(path, ".") {
		if errors.Is(enrich.CheckClaimName(name), enrich.ErrPrivilegedName) && !r.allows(path) {
			return true
		}
	}
	return slices.ContainsFunc(r.Decisive, func(decisive string) bool {
		switch {
		case decisive == "", within(path, decisive):
			return !r.allows(path)
		case within(decisive, path): // a write of path writes it
			return !r.allows(decisive)
		}
		return false
	})
}

func (r Rules) allows(path string) bool { return isWithinAny(path, r.AllowPrivileged) }

// Why a path cannot be written.
var (
	errIdentity   = errors.New("it says whose document this is")
	errWritable   = errors.New("users may not write it")
	errPrivileged = errors.New("access may be decided by it")
)

// check returns why users may not make an edit, and the path that it is about.
func (r Rules) check(e bsonjson.Edit) (path string, err error) {
	isIdentity := func(path string) bool {
		return slices.ContainsFunc(r.Identity, func(id string) bool { return within(path, id) || within(id, path) })
	}
	touched := append([]string{e.Path}, e.Inside...)
	switch {
	case slices.ContainsFunc(touched, isIdentity):
		return e.Path, errIdentity
	case e.Fault != nil:
		return e.Path, e.Fault
	case len(r.Writable) > 0 && !isWithinAny(e.Path, r.Writable):
		return e.Path, errWritable
	}
	if i := slices.IndexFunc(touched, r.Privileged); i >= 0 {
		return touched[i], errPrivileged
	}
	return "", nil
}

// What a refusal shows at most.
const (
	maxRefusals = 20
	maxPath     = 100
)

// refusals returns all edits that users may not make, as text, or "" if there are none.
func (r Rules) refusals(edits []bsonjson.Edit) string {
	var all []string
	seen := map[string]bool{}
	for _, e := range edits {
		path, err := r.check(e)
		if err == nil {
			continue
		}
		if len(path) > maxPath {
			path = strings.ToValidUTF8(path[:maxPath], "") + "…"
		}
		if refusal := fmt.Sprintf("%s (%v)", path, err); !seen[refusal] {
			all, seen[refusal] = append(all, refusal), true
		}
	}
	if more := len(all) - maxRefusals; more > 0 {
		all = append(all[:maxRefusals], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(all, ", ")
}

// within reports whether a path is outer, or below it.
func within(path, outer string) bool {
	return outer != "" && (path == outer || strings.HasPrefix(path, outer+"."))
}

func isWithinAny(path string, outer []string) bool {
	return slices.ContainsFunc(outer, func(outer string) bool { return within(path, outer) })
}
