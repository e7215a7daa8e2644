package sidecar

import "github.com/tokengraft/tokengraft/config"

// roles reports what is wrong with access.roles, and what it means.
func (k *checker) roles() {
	a := k.cfg.Access
	if a.Roles == "" {
		return
	}
	// Whether functions in rules exist is known only when they are opened.
	rules, err := readRoles(k.cfg, func(string) bool { return a.Functions })
	if k.report(err); err != nil {
		return
	}
	for _, note := range rules.Notes {
		k.warn("access.roles", "%s", note)
	}
	m := k.cfg.Documents.MongoDB
	k.ok("%s: SDKs read and write the collection %s.%s, where its %d roles permit it", a.CallPath, m.Database, m.Collection, rules.Roles())
	if k.cfg.Shadow {
		k.warn("access.roles", "has no effect while shadow is on, because nothing may change then")
	}
}

// usersInsert reports whether a role can let users insert their document.
func usersInsert(cfg *config.Config) bool {
	if cfg.Access.Roles == "" || cfg.Shadow {
		return false
	}
	rules, err := readRoles(cfg, func(string) bool { return cfg.Access.Functions })
	return err == nil && rules.Inserts()
}
