package live_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/keys/keydir"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

// A sidecar sees a new key without a restart (law E2).
func TestKeys_RotationIsPublishedWithoutARestart(t *testing.T) {
	t.Parallel()
	s := e2e.Start(t, e2e.Options{
		Configuration: `backend: http://127.0.0.1:1
admin: off
rules: [{match: POST /login, tokens: ["json:token"]}]
verify: {public_key: backend.pem}
sign: {keys: keys}
documents: {file: users.json, user_id_field: id}
`,
		Documents: `[]`,
		Files:     map[string]string{"backend.pem": string(enrichtest.NewIssuer(t, "ES256").PublicPEM())},
	})
	path := filepath.Join(s.Dir, "keys")
	if code, stdout, stderr := e2e.Run(t, "keys", "rotate", "--dir", path); code != 0 {
		t.Fatalf("keys rotate: got exit code %d and %s%s; want 0", code, stdout, stderr)
	}
	dir, err := keydir.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	infos, err := dir.List(time.Now())
	if err != nil || len(infos) != 2 || infos[1].State != keydir.Next {
		t.Fatalf("keys after keys rotate: got %+v (error %v), want an active and a next one", infos, err)
	}
	// That this takes at most 10 s is tested with a simulated clock, in enrich/keys.
	e2e.Eventually(t, "the JWK Set has the new key", func() bool {
		return strings.Contains(s.Public.Get(t, "/.well-known/jwks.json"), infos[1].ID)
	})
}
