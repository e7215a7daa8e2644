package sidecar

import (
	"strings"

	"github.com/tokengraft/tokengraft/config"
)

// owners says what users may do with their own document, and warns where that may be more
// than the operator means.
func (k *checker) owners() {
	a := k.cfg.Access
	switch a.Mode {
	case config.OwnerRead:
		k.ok("%s: users read their own document", a.Path)
	case config.OwnerWrite:
		k.ok("%s: users read and write their own document, at most %v", a.Path, a.MaxSize)
		k.ownersWrite()
	}
}

func (k *checker) ownersWrite() {
	a := k.cfg.Access
	if len(a.Writable) == 0 {
		k.warn("access.writable", "is empty, so users may write every field of their document that they see, except those by which access may be decided; list the paths that they may write")
	}
	if a.Roles != "" {
		k.warn("access.mode", "the roles of access.roles do not apply to %s: there users may write what access.writable and access.schema allow, also fields that their role may not write", a.Path)
	}
	if len(k.cfg.Verify.Audience) == 0 {
		k.warn("verify.audience", "is not set, so with any token of the backend, whichever application it is for, a user's document can be written; set it to the audience of your application")
	}
	if a.MaxSize > k.cfg.Claim.MaxSize {
		k.warn("access.max_size", "is larger than claim.max_size (%v), so users can write documents that are then missing in their tokens; use at most claim.max_size", k.cfg.Claim.MaxSize)
	}
	if len(a.AllowPrivileged) > 0 {
		k.warn("access.allow_privileged", "users can write %s, although programs may decide access by it; make sure that none does", strings.Join(a.AllowPrivileged, ", "))
	}
	if why := k.cfg.NotLive(); why != "" {
		k.warn("access.mode", "users cannot write while %s, because nothing may change; go live, or use owner-read", why)
	}
}
