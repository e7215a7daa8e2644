package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/keys/keydir"
)

// TestRunningSidecarPublishesARotatedKey shows law E2: a sidecar sees what the
// command does to its keys without a restart.
func TestRunningSidecarPublishesARotatedKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys")
	address, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	public := filepath.Join(t.TempDir(), "backend.pem")
	if err := os.WriteFile(public, enrichtest.NewIssuer(t, "ES256").PublicPEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	startSidecar(t, fmt.Sprintf(`listen: %s
backend: http://127.0.0.1:1
admin: off
rules: [{match: POST /login, tokens: ["json:token"]}]
verify: {public_key: %q}
sign: {keys: %q}
documents: {file: users.json, user_id_field: id}
`, address, public, path), `[]`)
	waitForAddress(t, address)
	if code := Run(t.Context(), []string{"keys", "rotate", "--dir", path}, strings.NewReader(""), t.Output(), t.Output()); code != exitOK {
		t.Fatalf("keys rotate: exit code %d", code)
	}
	dir, err := keydir.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	infos, err := dir.List(time.Now())
	if err != nil || len(infos) != 2 || infos[1].State != keydir.Next {
		t.Fatalf("keys %+v (%v), want an active and a next one", infos, err)
	}
	var set string
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if set = get(t, "http://"+address+"/.well-known/jwks.json"); strings.Contains(set, infos[1].ID) {
			return
		}
	}
	t.Errorf("10 s after the rotation %s is not published: %s", infos[1].ID, set)
}
