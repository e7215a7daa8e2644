package keys_test

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/keys"
	"github.com/tokengraft/tokengraft/enrich/keys/keydir"
)

func TestRotation_OneReplicaRotatesAndTheOthersAdopt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuers := []*enrichtest.Issuer{enrichtest.NewIssuer(t, "ES256"), enrichtest.NewIssuer(t, "EdDSA")}
		dir, path := openDir(t)
		jwks := file(t, setOf(issuers...))
		began := time.Now()
		var replicas []*keys.Ring
		for range 8 {
			ring := open(t, keys.Options{JWKS: jwks, Dir: path, RotateAfter: 15 * time.Minute}, nil)
			run(t, ring)
			replicas = append(replicas, ring)
		}
		pass(time.Until(began.Add(15 * time.Minute)))
		if got := states(t, dir, time.Now()); got != "active active" {
			t.Fatalf("states %s before rotate_after, want active active", got)
		}
		pass(2 * time.Minute)
		if got := states(t, dir, time.Now()); got != "active next active next" {
			t.Fatalf("states %s, want one next key for each algorithm", got)
		}
		pass(keydir.Publication)
		for _, ring := range replicas {
			for i, next := range []keydir.Info{list(t, dir, time.Now())[1], list(t, dir, time.Now())[3]} {
				if got := signer(t, ring, token(issuers[i])).ID(); got != next.ID {
					t.Errorf("signs with %s, want %s", got, next.ID)
				}
			}
		}
		pass(time.Until(began.Add(40 * time.Minute)))
		if got := states(t, dir, time.Now()); got != "retired active next retired active next" {
			t.Errorf("states %s after the next rotation, want one next key for each algorithm", got)
		}
	})
}

func TestRotation_IsOffByDefault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, path := openDir(t)
		run(t, openFile(t, setOf(enrichtest.NewIssuer(t, "ES256")), func(o *keys.Options) { o.Dir = path }))
		pass(2 * time.Hour)
		if got := states(t, dir, time.Now()); got != "active" {
			t.Errorf("states %s, want active", got)
		}
	})
}

func TestRotation_OfAReadOnlyDirectoryIsLoggedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := enrichtest.NewIssuer(t, "ES256")
		dir, path := openDir(t)
		old := newKey(t, dir, "ES256", time.Now())
		if err := os.Chmod(path, 0o555); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.Chmod(path, 0o755) })
		var log bytes.Buffer
		ring := openFile(t, setOf(issuer), func(o *keys.Options) {
			o.Dir, o.RotateAfter, o.Logger = path, 15*time.Minute, slog.New(slog.NewTextHandler(&log, nil))
		})
		run(t, ring)
		pass(time.Hour)
		if entries, _ := os.ReadDir(path); len(entries) != 1 {
			t.Errorf("%d files, want only the first key", len(entries))
		}
		if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "read-only") {
			t.Errorf("logged %q, want one warning", got)
		}
		if got := signer(t, ring, token(issuer)).ID(); got != old.ID {
			t.Errorf("signs with %s, want the old key %s", got, old.ID)
		}
	})
}

func TestReload_ShowsANewKeyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, path := openDir(t)
		ring := openFile(t, setOf(enrichtest.NewIssuer(t, "ES256")), func(o *keys.Options) { o.Dir = path })
		run(t, ring)
		next := rotate(t, dir.Rotate, "", time.Now())[0].Key
		ring.Reload()
		synctest.Wait()
		if !publishes(t, ring, next.ID) {
			t.Error("the next key is not published")
		}
	})
}

func TestReplicas_WithDifferentClocksConverge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := startFleet(t, 0)
		dir, err := keydir.Open(f.path)
		if err != nil {
			t.Fatal(err)
		}
		next := rotate(t, dir.Rotate, "", time.Now())[0]
		signing := func() (ids []string) {
			for _, ring := range f.replicas {
				ids = append(ids, signer(t, ring, f.backend).ID())
			}
			return ids
		}
		pass(keydir.Publication)
		if got, want := signing(), []string{next.Former.ID, next.Key.ID, next.Key.ID}; !slices.Equal(got, want) {
			t.Errorf("the replicas sign with %v, want %v, each by its own clock", got, want)
		}
		pass(30 * time.Second)
		if got, want := signing(), slices.Repeat([]string{next.Key.ID}, 3); !slices.Equal(got, want) {
			t.Errorf("the replicas sign with %v, want %v", got, want)
		}
	})
}

func TestOwnKeys_HalfWrittenFileDoesNotDelaySigning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := enrichtest.NewIssuer(t, "ES256")
		_, path := openDir(t)
		var log bytes.Buffer
		ring := openFile(t, setOf(issuer), func(o *keys.Options) {
			o.Dir, o.RotateAfter, o.Logger = path, 15*time.Minute, slog.New(slog.NewTextHandler(&log, nil))
		})
		run(t, ring)
		first := signer(t, ring, token(issuer))
		half, whole := filepath.Join(path, "mine.pem"), enrichtest.NewIssuer(t, "ES256").PrivatePEM()
		write(t, half, whole[:len(whole)/2])
		pass(time.Minute)
		if got := signer(t, ring, token(issuer)); got.ID() != first.ID() || !restores(t, ring, first) {
			t.Errorf("signs with %s, want the known key %s", got.ID(), first.ID())
		}
		if got := strings.Count(log.String(), half); got != 1 {
			t.Errorf("the file is in %d log messages, want 1: %s", got, log.String())
		}
		write(t, half, whole)
		pass(10 * time.Second)
		if got := len(published(t, ring)); got != 3 {
			t.Errorf("%d keys published, want 3: the backend's, ours and the one that is complete now", got)
		}
	})
}
