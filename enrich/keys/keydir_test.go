package keys_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/keys"
	"github.com/tokengraft/tokengraft/enrich/keys/keydir"
)

// openDir makes a directory for our keys.
func openDir(t testing.TB) (dir *keydir.Dir, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "a", "keys")
	dir, err := keydir.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	return dir, path
}

func newKey(t testing.TB, dir *keydir.Dir, algorithm string, now time.Time) keydir.Info {
	t.Helper()
	info, err := dir.New(algorithm, now)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func list(t testing.TB, dir *keydir.Dir, now time.Time) []keydir.Info {
	t.Helper()
	infos, err := dir.List(now)
	if err != nil {
		t.Fatal(err)
	}
	return infos
}

// states returns the states of the keys, in the order of the list.
func states(t testing.TB, dir *keydir.Dir, now time.Time) string {
	t.Helper()
	var states []string
	for _, info := range list(t, dir, now) {
		states = append(states, string(info.State))
	}
	return strings.Join(states, " ")
}

func rotate(t testing.TB, rotation func(string, time.Time) ([]keydir.Rotation, error), algorithm string, now time.Time) []keydir.Rotation {
	t.Helper()
	done, err := rotation(algorithm, now)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func TestOwnKeys_PrunedKeyNeitherVerifiesNorRestores(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "ES256")
	dir, path := openDir(t)
	ring := openFile(t, setOf(issuer), func(o *keys.Options) { o.Dir = path })
	leaked := signer(t, ring, token(issuer))
	rotate(t, dir.RotateNow, "", time.Now().Add(time.Second))
	deleted, _, err := dir.Prune(keydir.Pruning{RetireAfter: time.Hour, IDs: []string{leaked.ID()}}, time.Now().Add(2*time.Second))
	if err != nil || len(deleted) != 1 || deleted[0].ID != leaked.ID() {
		t.Errorf("deleted %+v (%v), want the named key, although it is new", deleted, err)
	}
	again := openFile(t, setOf(issuer), func(o *keys.Options) { o.Dir = path })
	if publishes(t, again, leaked.ID()) || restores(t, again, leaked) {
		t.Error("the leaked key is still published or still restores, want neither")
	}
}

// A key file is parsed again after it was replaced.
func TestOwnKeys_ReplacedFileIsReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, path := openDir(t)
		a, b := newKey(t, dir, "ES256", time.Now()), enrichtest.NewIssuer(t, "ES256")
		ring := openFile(t, setOf(enrichtest.NewIssuer(t, "ES256")), func(o *keys.Options) { o.Dir = path })
		run(t, ring)
		write(t, filepath.Join(path, ".new"), b.PrivatePEM())
		if err := os.Rename(filepath.Join(path, ".new"), a.Path); err != nil {
			t.Fatal(err)
		}
		pass(10 * time.Second)
		now := list(t, dir, time.Now())[0]
		if publishes(t, ring, a.ID) || !publishes(t, ring, now.ID) || now.ID == a.ID {
			t.Errorf("published %v, want only the key that is in the file now", published(t, ring))
		}
	})
}

// Kubernetes mounts the files of a secret as links through ..data, which is a link to the
// directory of the current version. It removes a link after its file.
func TestOwnKeys_FollowAMountedSecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, path := openDir(t)
		in := func(name string) string { return filepath.Join(path, name) }
		link := func(to, name string) {
			t.Helper()
			if err := errors.Join(os.Symlink(to, in(".new")), os.Rename(in(".new"), in(name))); err != nil {
				t.Fatal(err)
			}
		}
		version := func(name string, issuers ...*enrichtest.Issuer) {
			t.Helper()
			if err := os.Mkdir(in(name), 0o700); err != nil {
				t.Fatal(err)
			}
			for _, issuer := range issuers {
				write(t, filepath.Join(in(name), issuer.KeyID+".pem"), issuer.PrivatePEM())
			}
			link(name, "..data")
		}
		old, newer := enrichtest.NewIssuer(t, "ES256"), enrichtest.NewIssuer(t, "ES256")
		old.KeyID, newer.KeyID = "old", "newer"

		version("..1", old)
		link("..data/old.pem", "old.pem")
		ring := openFile(t, setOf(enrichtest.NewIssuer(t, "ES256")), func(o *keys.Options) { o.Dir = path })
		run(t, ring)
		steps := []struct {
			name string
			do   func()
			want int // number of published keys, including the backend's
		}{
			{"one key", func() {}, 2},
			{"a second", func() { version("..2", old, newer); link("..data/newer.pem", "newer.pem") }, 3},
			{"the first removed, but not its link", func() { version("..3", newer) }, 3},
			{"the first and its link removed", func() { os.Remove(in("old.pem")) }, 2},
		}
		for _, step := range steps {
			step.do()
			pass(10 * time.Second)
			if got := published(t, ring); len(got) != step.want {
				t.Errorf("%s: published %v, want %d keys", step.name, got, step.want)
			}
		}
	})
}

func TestOpen_RefusesAnUnreadableKeyFile(t *testing.T) {
	_, path := openDir(t)
	write(t, filepath.Join(path, "ES256-1.pem"), []byte("garbage"))
	_, err := keys.Open(keys.Options{Dir: path, Algorithm: "EdDSA", Secret: []byte("s")})
	if fault, ok := errors.AsType[*keys.OptionError](err); !ok || fault.Option != "Dir" {
		t.Errorf("Open = %v, want an OptionError for Dir", err)
	}
	if entries, _ := os.ReadDir(path); len(entries) != 1 {
		t.Errorf("%d files in the directory, want only the unreadable one", len(entries))
	}
}
