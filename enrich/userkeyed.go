package enrich

import (
	"strings"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// UserKeyed returns the name of the backend if the token looks like one of a backend whose
// keys differ per user, so that no setting verifies its tokens. It returns "" for any other
// token. It looks at the claims only.
//
// PocketBase signs with the secret of a collection and the key of the record together. Its
// tokens have the claims id, collectionId and type, which is auth, or authRecord before
// version 0.23.
func (t *Token) UserKeyed() string {
	text := func(claim string) string {
		value, _ := jsonedit.Unquote(t.Claim(claim))
		return value
	}
	kind := text("type")
	if strings.HasPrefix(t.Algorithm, "HS") && text("id") != "" && text("collectionId") != "" && (kind == "auth" || kind == "authRecord") {
		return "PocketBase"
	}
	return ""
}
