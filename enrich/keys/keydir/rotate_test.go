package keydir_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/keys/keydir"
)

func rotate(t testing.TB, rotation func(string, time.Time) ([]keydir.Rotation, error), algorithm string, now time.Time) []keydir.Rotation {
	t.Helper()
	done, err := rotation(algorithm, now)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func TestRotate_PublishesBeforeItSigns(t *testing.T) {
	dir, _ := openDir(t)
	first := newKey(t, dir, "ES256", start)
	done := rotate(t, dir.Rotate, "", start)
	if len(done) != 1 || done[0].Former.ID != first.ID || done[0].Key.State != keydir.Next {
		t.Fatalf("Rotate = %+v, want one next key to take over from %s", done, first.ID)
	}
	if wait := done[0].Key.Active.Sub(start); wait < keydir.MaxAge+time.Minute || wait > keydir.Publication {
		t.Errorf("the next key signs after %v, want %v, which is at least MaxAge and a minute", wait, keydir.Publication)
	}
	if done[0].Former.SignsUntil != done[0].Key.Active {
		t.Errorf("the former key signs until %v, want %v", done[0].Former.SignsUntil, done[0].Key.Active)
	}
	if got := states(t, dir, done[0].Key.Active); got != "retired active" {
		t.Errorf("states %s, want retired active", got)
	}
}

func TestRotate_RotatesEveryActiveAlgorithm(t *testing.T) {
	dir, _ := openDir(t)
	for _, algorithm := range []string{"ES256", "EdDSA", "ES384"} {
		newKey(t, dir, algorithm, start)
	}
	if done := rotate(t, dir.Rotate, "ES384", start); len(done) != 1 || done[0].Key.Algorithm != "ES384" {
		t.Errorf("Rotate(ES384) = %+v, want one key for ES384", done)
	}
	if got := states(t, dir, start); got != "active active next active" {
		t.Errorf("states %s, want one next key, for ES384", got)
	}
	later := start.Add(time.Hour)
	if done := rotate(t, dir.Rotate, "", later); len(done) != 3 {
		t.Errorf("Rotate = %+v, want a key for each algorithm", done)
	}
	if got := states(t, dir, later); got != "active next retired active next active next" {
		t.Errorf("states %s, want a next key for each algorithm", got)
	}
}

func TestRotate_FailsIfThereIsANextKey(t *testing.T) {
	dir, _ := openDir(t)
	newKey(t, dir, "ES256", start)
	newKey(t, dir, "EdDSA", start)
	next := rotate(t, dir.Rotate, "ES256", start)[0].Key
	for _, algorithm := range []string{"ES256", ""} {
		_, err := dir.Rotate(algorithm, start.Add(time.Minute))
		if err == nil || !strings.Contains(err.Error(), next.ID) || !strings.Contains(err.Error(), "12:06:10") {
			t.Errorf("Rotate(%q) = %v, want an error that names %s and when it signs", algorithm, err, next.ID)
		}
	}
	if got := states(t, dir, start); got != "active next active" {
		t.Errorf("states %s, want no new key", got)
	}
	rotate(t, dir.Rotate, "", next.Active)
}

func TestRotate_WithoutKeysSaysWhatToDo(t *testing.T) {
	dir, _ := openDir(t)
	if _, err := dir.Rotate("", start); err == nil || !strings.Contains(err.Error(), "keys new") {
		t.Errorf("Rotate = %v, want an error that names `keys new`", err)
	}
	newKey(t, dir, "ES256", start)
	for algorithm, want := range map[string]string{"EdDSA": "keys new", "HS256": keydir.ErrAlgorithm.Error()} {
		for name, rotation := range map[string]func(string, time.Time) ([]keydir.Rotation, error){"Rotate": dir.Rotate, "RotateNow": dir.RotateNow} {
			if _, err := rotation(algorithm, start); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s(%s) = %v, want %q", name, algorithm, err, want)
			}
		}
	}
}

func TestRotate_RotatesKeysThatWereAlwaysActive(t *testing.T) {
	dir, path := openDir(t)
	write(t, filepath.Join(path, "tls.key"), enrichtest.NewIssuer(t, "ES256").PrivatePEM())
	next := rotate(t, dir.Rotate, "", start)[0].Key
	if got := states(t, dir, next.Active); got != "retired active" {
		t.Errorf("states %s, want retired active", got)
	}
}

// A leaked key is replaced at once. It can be replaced again, even at the same time.
func TestRotateNow_SignsAtOnce(t *testing.T) {
	dir, _ := openDir(t)
	newKey(t, dir, "ES256", start)
	waits := rotate(t, dir.Rotate, "", start)[0].Key
	now := start.Add(time.Minute)
	done := rotate(t, dir.RotateNow, "", now)[0]
	if done.Key.State != keydir.Active || kids(done.Dropped) != waits.ID {
		t.Errorf("RotateNow = %+v, want an active key, and %s dropped, because it may have leaked too", done, waits.ID)
	}
	if got := states(t, dir, now); got != "retired active" {
		t.Errorf("states %s, want retired active", got)
	}
	rotate(t, dir.RotateNow, "", now)
	last := rotate(t, dir.RotateNow, "", now)[0].Key
	for _, info := range list(t, dir, now.Add(time.Second)) {
		if (info.State == keydir.Active) != (info.ID == last.ID) {
			t.Errorf("key %s is %s, want only the last one to be active", info.ID, info.State)
		}
	}
}

// With a slow clock, an active key looks like a next key, and would be deleted.
func TestSlowClock_ChangesNothing(t *testing.T) {
	dir, _ := openDir(t)
	newKey(t, dir, "ES256", start)
	active := rotate(t, dir.Rotate, "", start)[0].Key.Active
	rotate(t, dir.Rotate, "", active)
	_, rotateErr := dir.Rotate("", start)
	_, nowErr := dir.RotateNow("", start)
	_, _, pruneErr := dir.Prune(keydir.Pruning{}, start)
	for what, err := range map[string]error{"Rotate": rotateErr, "RotateNow": nowErr, "Prune": pruneErr} {
		if err == nil || !strings.Contains(err.Error(), "Set the clock") {
			t.Errorf("%s with a clock from before the last rotation: %v, want an error that says to set it", what, err)
		}
	}
	if got := states(t, dir, active); got != "retired active next" {
		t.Errorf("states %s, want nothing changed", got)
	}
}

// A key for every RSA algorithm takes over from a key for one of them. So it too must be
// published before it signs.
func TestNew_KeyThatTakesOverIsPublishedFirst(t *testing.T) {
	dir, _ := openDir(t)
	newKey(t, dir, "RS256", start)
	all := newKey(t, dir, keydir.AnyRSA, start)
	if wait := all.Active.Sub(start); wait < keydir.Publication {
		t.Errorf("the key for every RSA algorithm takes over from that for RS256 after %v, want %v", wait, keydir.Publication)
	}
	if got := states(t, dir, start); got != "active active" {
		t.Errorf("states %s, want both active, because RS384 has no other key", got)
	}
	if got := states(t, dir, all.Active); got != "retired active" {
		t.Errorf("states %s, want retired active", got)
	}
}

func TestRotate_LeavesNothingBehindWhenItFails(t *testing.T) {
	dir, path := openDir(t)
	newKey(t, dir, "ES256", start)
	if err := os.Chmod(path, 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(path, 0o755) })
	for name, rotation := range map[string]func(string, time.Time) ([]keydir.Rotation, error){"Rotate": dir.Rotate, "RotateNow": dir.RotateNow} {
		if _, err := rotation("", start.Add(time.Hour)); err == nil {
			t.Errorf("%s in a read-only directory has no error, want one, even for root", name)
		}
	}
	if _, _, err := dir.Prune(keydir.Pruning{}, start); err == nil {
		t.Error("Prune in a read-only directory has no error, want one, even for root")
	}
	if entries, _ := os.ReadDir(path); len(entries) != 1 {
		t.Errorf("%d files, want only the first key", len(entries))
	}
}
