package keys

import (
	"fmt"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/keys/internal/jose"
)

// Which names the key that verifies a token: by its setting, and by its kid if it has one.
// It uses the keys that are known now, and returns "" if none of them verifies it.
func (r *Ring) Which(t *enrich.Token) string {
	for i, k := range r.pinned {
		if _, ok := findVerifier(r.pinned[i:i+1], t); ok {
			return r.settingOf(k)
		}
	}
	if r.backend == nil {
		return ""
	}
	set := r.backend.Current()
	if set == nil {
		return ""
	}
	key, ok := findVerifier(set.Keys, t)
	switch {
	case !ok:
		return ""
	case key.ID == "":
		return "a key without kid in the backend's JWK Set"
	}
	return fmt.Sprintf("the key %q in the backend's JWK Set", key.ID)
}

// settingOf returns the setting that a pinned key comes from.
func (r *Ring) settingOf(k jose.Verifier) string {
	switch {
	case k.IsSecret():
		return "verify.secret"
	case r.o.PublicKey != "":
		return "verify.public_key"
	}
	return "sign.backend_key"
}
