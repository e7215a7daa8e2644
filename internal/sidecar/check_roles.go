package sidecar

// roles reports what is wrong with access.roles, and what it means.
func (k *checker) roles() {
	a := k.cfg.Access
	if a.Roles == "" {
		return
	}
	rules, err := readRoles(k.cfg, k.hasFunction())
	if k.report(err); err != nil {
		return
	}
	for _, note := range rules.Notes {
		k.warn("access.roles", "%s", note)
	}
	m := k.cfg.Documents.MongoDB
	k.ok("%s: SDKs read and write the collection %s.%s, where a role permits it (roles: %d)", a.CallPath, m.Database, m.Collection, rules.Roles())
	if why := k.cfg.NotLive(); why != "" {
		k.warn("access.roles", "has no effect while %s, because nothing may change then", why)
	}
}

// usersInsert reports whether a role can let users insert their document.
func (k *checker) usersInsert() bool {
	if k.cfg.Access.Roles == "" || !k.cfg.Live() {
		return false
	}
	rules, err := readRoles(k.cfg, k.hasFunction())
	return err == nil && rules.Inserts()
}

// hasFunction returns what reports whether rules may call a function, as [calls.hasFunction]
// does. Any function may exist if they could not be opened, which is reported.
func (k *checker) hasFunction() func(name string) bool {
	switch {
	case !k.cfg.Access.Functions:
		return nil
	case k.functions == nil:
		return func(string) bool { return true }
	}
	return k.functions.Has
}
