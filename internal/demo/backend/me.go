package backend

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// me accepts exactly the tokens that were issued, byte for byte, as a backend does
// that stores them in a table.
func (b *Backend) me(w http.ResponseWriter, r *http.Request) {
	user, ok := b.user(presented(r))
	if !ok {
		writeJSON(w, http.StatusUnauthorized, map[string]any{"error": "invalid_token"})
		return
	}
	names := slices.Collect(maps.Keys(Users))
	name := names[slices.IndexFunc(names, func(name string) bool { return Users[name] == user })]
	writeJSON(w, http.StatusOK, map[string]any{"id": user, "name": name})
}

// presented returns the token in a request: in Authorization, in [tokenHeader] or in
// the cookie.
func presented(r *http.Request) string {
	for _, name := range []string{"Authorization", tokenHeader} {
		if token, ok := strings.CutPrefix(r.Header.Get(name), "Bearer "); ok {
			return token
		}
	}
	if cookie, err := r.Cookie("session"); err == nil {
		return cookie.Value
	}
	return ""
}

// introspect is RFC 7662 without its authentication.
func (b *Backend) introspect(w http.ResponseWriter, r *http.Request) {
	_, ok := b.user(r.PostFormValue("token"))
	writeJSON(w, http.StatusOK, map[string]any{"active": ok})
}

func (b *Backend) user(token string) (string, bool) { return b.issued.user(token) }
