package sidecar

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/tokengraft/tokengraft/internal/adminapi"
)

var operator = adminapi.Peer{Address: "192.0.2.1", Reads: true, Writes: true}

// running is [configured], and Run applies changes.
func running(t *testing.T, text string) (c *configurator, path string, log *bytes.Buffer, stop func()) {
	c, path = configured(t, text)
	log, stop = run(t, c)
	return c, path, log, stop
}

// run makes Run apply changes. The log is in the buffer after stop.
func run(t *testing.T, c *configurator) (log *bytes.Buffer, stop func()) {
	log = &bytes.Buffer{}
	c.sidecar.o.Logger = slog.New(slog.NewTextHandler(log, nil))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); c.sidecar.Run(ctx) }()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(stop)
	return log, stop
}

func set(path string, value any) []adminapi.Setting {
	return []adminapi.Setting{{Path: path, Value: value}}
}

func revision(t *testing.T, c *configurator) string {
	t.Helper()
	shown, err := c.Config(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return shown.Revision
}

func TestDeploy_AppliesAndRollsBack(t *testing.T) {
	c, path, log, stop := running(t, draftedFile)
	first := revision(t, c)
	got, err := c.Deploy(t.Context(), operator, adminapi.Draft{Base: first, Set: set("claim.name", "shop_data")})
	if err != nil {
		t.Fatal(err)
	}
	written, _ := os.ReadFile(path)
	if want := draftedFile + "claim:\n  name: shop_data\n"; string(written) != want || c.sidecar.current().cfg.Claim.Name != "shop_data" {
		t.Errorf("the file is %q, the running claim %s; want %q", written, c.sidecar.current().cfg.Claim.Name, want)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o640 {
		t.Errorf("mode %v, want that of the file before", info.Mode())
	}
	if len(got.Changed) != 1 || got.Changed[0] != "claim.name" || !strings.Contains(got.Diff, "+  name: shop_data\n") || !got.Version.Current {
		t.Errorf("got %+v", got)
	}
	if _, err := c.RollBack(t.Context(), operator, adminapi.Rollback{}); err != nil {
		t.Fatal(err)
	}
	if written, _ := os.ReadFile(path); string(written) != draftedFile || c.sidecar.current().cfg.Claim.Name != "custom_data" {
		t.Errorf("after the roll back the file is %q", written)
	}
	shown, err := c.Config(t.Context())
	if err != nil || len(shown.Versions) != 3 || !shown.Versions[0].Current || shown.Versions[2].Revision != first || shown.Versions[2].Current {
		t.Errorf("versions: %+v, %v", shown.Versions, err)
	}
	if info, _ := os.Stat(path + ".versions"); info.Mode().Perm() != 0o700 {
		t.Errorf("the directory of versions has the mode %v", info.Mode())
	}
	names, _ := filepath.Glob(path + ".versions/*")
	for _, name := range names {
		if info, _ := os.Stat(name); info.Mode().Perm() != 0o600 {
			t.Errorf("%s has the mode %v", name, info.Mode())
		}
	}
	stop()
	deployed := ` changed=[claim.name] before=` + first + ` after=` + got.Version.Revision + ` peer=192.0.2.1`
	if strings.Count(log.String(), "configuration deployed") != 2 || !strings.Contains(log.String(), deployed) || strings.Contains(log.String(), "operators") {
		t.Errorf("the log:\n%s", log)
	}
}

func TestDeploy_RefusesWithoutAChange(t *testing.T) {
	c, path, _, _ := running(t, draftedFile)
	base := revision(t, c)
	text := strings.Replace(draftedFile, "backend: http://127.0.0.1:1", "backend: 7", 1)
	unopenable := strings.Replace(draftedFile, "file: users.json", "file: missing.json", 1)
	for name, test := range map[string]struct {
		peer  adminapi.Peer
		draft adminapi.Draft
		want  string
	}{
		"a peer without the token": {adminapi.Peer{Reads: true}, adminapi.Draft{Base: base, Set: set("shadow", true)}, adminapi.ForbiddenType},
		"no base":                  {operator, adminapi.Draft{Set: set("shadow", true)}, adminapi.InvalidType},
		"another base":             {operator, adminapi.Draft{Base: "0123456789abcdef", Set: set("shadow", true)}, adminapi.ConflictType},
		"faults":                   {operator, adminapi.Draft{Base: base, Text: &text}, adminapi.FaultsType},
		"what cannot be opened":    {operator, adminapi.Draft{Base: base, Text: &unopenable}, adminapi.FaultsType},
		"no change":                {operator, adminapi.Draft{Base: base}, adminapi.UnchangedType},
	} {
		_, err := c.Deploy(t.Context(), test.peer, test.draft)
		if problemType(err) != test.want {
			t.Errorf("%s: %v, want a problem of the type %s", name, err, test.want)
		}
		if written, _ := os.ReadFile(path); string(written) != draftedFile {
			t.Fatalf("%s: the file is now %q", name, written)
		}
	}
	if shown, _ := c.Config(t.Context()); shown.Fault != "" {
		t.Errorf("the configuration does not run: %s", shown.Fault)
	}
}

func TestDeploy_OneOfSeveralWinsForABase(t *testing.T) {
	c, _, _, _ := running(t, draftedFile)
	base := revision(t, c)
	var wins, conflicts int
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		all.Go(func() {
			_, err := c.Deploy(t.Context(), operator, adminapi.Draft{Base: base, Set: set("claim.name", name)})
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				wins++
			case problemType(err) == adminapi.ConflictType:
				conflicts++
			}
		})
	}
	all.Wait()
	if wins != 1 || conflicts != 5 {
		t.Errorf("%d were deployed and %d were conflicts, want 1 and 5", wins, conflicts)
	}
}

func TestDeploy_KeepsTenVersionsAndChangesByHand(t *testing.T) {
	c, path, _, _ := running(t, draftedFile)
	for i := range 12 {
		if _, err := c.Deploy(t.Context(), operator, adminapi.Draft{Base: revision(t, c), Set: set("claim.max_size", 1024+i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(path, []byte(draftedFile+"# by hand\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, left := range []string{".x.yaml.new-1", "20000101T000000.000000000Z-0123456789abcdef.json"} {
		if err := os.WriteFile(filepath.Join(path+".versions", left), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	byHand := revision(t, c)
	if _, err := c.Deploy(t.Context(), operator, adminapi.Draft{Base: byHand, Set: set("shadow", true)}); err != nil {
		t.Fatal(err)
	}
	shown, err := c.Config(t.Context())
	if err != nil || len(shown.Versions) != 10 || shown.Versions[1].Revision != byHand {
		t.Fatalf("versions: %+v, %v; want ten, with the change by hand as the second", shown.Versions, err)
	}
	if names, _ := os.ReadDir(path + ".versions"); len(names) != 20 {
		t.Errorf("files: %v", names)
	}
	if _, err := c.RollBack(t.Context(), operator, adminapi.Rollback{To: "../../etc/passwd"}); problemType(err) != adminapi.InvalidType {
		t.Errorf("another file as a version: %v", err)
	}
}

func TestDeploy_ReadOnlyFileGivesTheDiff(t *testing.T) {
	c, path, _, _ := running(t, draftedFile)
	real := path + ".real"
	if err := os.Rename(path, real); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(real, path); err != nil {
		t.Fatal(err)
	}
	_, err := c.Deploy(t.Context(), operator, adminapi.Draft{Base: revision(t, c), Set: set("shadow", true)})
	if problemType(err) != adminapi.ReadOnlyType || !strings.Contains(err.(*adminapi.Problem).Diff, "+shadow: true\n") {
		t.Errorf("got %#v", err)
	}
	if shown, _ := c.Config(t.Context()); !strings.Contains(shown.ReadOnly, "symbolic link") {
		t.Errorf("read-only because %q", shown.ReadOnly)
	}
}

func TestMountedAt_FindsAFileThatIsAMount(t *testing.T) {
	mounts := []byte("36 35 98:0 / / rw - ext4 /dev/root rw\n37 36 98:0 /x /etc/my\\040app.yaml ro - ext4 /dev/root rw\n")
	if !mountedAt(mounts, "/etc/my app.yaml") || mountedAt(mounts, "/etc/my") {
		t.Error("the mount of a file was not found, or another path was")
	}
}

// A peer without the token sees revisions. They do not help to guess a secret of the file,
// and the next process knows the versions by other ones.
func TestRevision_IsOfOneProcess(t *testing.T) {
	c, _, _, _ := running(t, draftedFile)
	first := revision(t, c)
	if sum := sha256.Sum256([]byte(draftedFile)); strings.HasPrefix(hex.EncodeToString(sum[:]), first) {
		t.Errorf("the revision %s is a hash of the file with its secrets", first)
	}
	if _, err := c.Deploy(t.Context(), operator, adminapi.Draft{Base: first, Set: set("claim.name", "shop_data")}); err != nil {
		t.Fatal(err)
	}
	defer func(key []byte) { revisionKey = key }(revisionKey)
	revisionKey = []byte("of the next process")
	shown, err := c.Config(t.Context())
	if err != nil || len(shown.Versions) != 2 || !shown.Versions[0].Current || shown.Versions[0].Revision != shown.Revision || shown.Versions[1].Revision == first {
		t.Fatalf("after a restart: %+v, %v", shown, err)
	}
	if _, err := c.Deploy(t.Context(), operator, adminapi.Draft{Base: first, Set: set("claim.name", "x")}); problemType(err) != adminapi.ConflictType {
		t.Errorf("a revision of before: %v, want a conflict", err)
	}
	if _, err := c.RollBack(t.Context(), operator, adminapi.Rollback{}); err != nil || c.sidecar.current().cfg.Claim.Name == "shop_data" {
		t.Errorf("roll back: %v, the claim is %s", err, c.sidecar.current().cfg.Claim.Name)
	}
}
