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
	rotated := time.Now()
	dir, err := keydir.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	infos, err := dir.List(rotated)
	if err != nil || len(infos) != 2 || infos[1].State != keydir.Next {
		t.Fatalf("keys after keys rotate: got %+v (error %v), want an active and a next one", infos, err)
	}
	var set string
	for time.Since(rotated) < 10*time.Second {
		if set = s.Public.Get(t, "/.well-known/jwks.json"); strings.Contains(set, infos[1].ID) {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("the JWK Set 10 s after keys rotate: got %s, want %s in it", set, infos[1].ID)
}
