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

// kids returns the kids of keys, in their order.
func kids(infos []keydir.Info) string {
	var ids []string
	for _, info := range infos {
		ids = append(ids, info.ID)
	}
	return strings.Join(ids, " ")
}

func prune(t testing.TB, dir *keydir.Dir, p keydir.Pruning, now time.Time) (deleted, kept string) {
	t.Helper()
	gone, rest, err := dir.Prune(p, now)
	if err != nil {
		t.Fatal(err)
	}
	return kids(gone), kids(rest)
}

func TestPrune_KeepsKeysThatAValidTokenMayNeed(t *testing.T) {
	dir, _ := openDir(t)
	old := newKey(t, dir, "ES256", start)
	takeover := rotate(t, dir.Rotate, "", start)[0].Key.Active
	needed := 3*time.Hour + time.Minute // the minute is for a replica with a slow clock
	day := keydir.Pruning{RetireAfter: 3 * time.Hour}
	for _, now := range []time.Time{start, takeover, takeover.Add(needed)} {
		if deleted, _ := prune(t, dir, day, now); deleted != "" {
			t.Errorf("%v after the takeover: deleted %s, want nothing", now.Sub(takeover), deleted)
		}
	}
	if until := list(t, dir, takeover)[0].NeededUntil(day.RetireAfter); until != takeover.Add(needed) {
		t.Errorf("needed until %v after the takeover, want %v", until.Sub(takeover), needed)
	}
	late := takeover.Add(needed + 1)
	rotate(t, dir.Rotate, "", late)
	dry := day
	dry.DryRun = true
	for _, p := range []keydir.Pruning{dry, dry, day} {
		if deleted, kept := prune(t, dir, p, late); deleted != old.ID || len(strings.Fields(kept)) != 2 {
			t.Errorf("Prune(%+v) deleted %q and kept %q, want %s deleted, active and next kept", p, deleted, kept, old.ID)
		}
	}
	if got := states(t, dir, late); got != "active next" {
		t.Errorf("states %s, want active next", got)
	}
}

func TestPrune_DeletesOnlyRetiredKeysByID(t *testing.T) {
	dir, _ := openDir(t)
	newKey(t, dir, "ES256", start)
	next := rotate(t, dir.Rotate, "", start)[0].Key
	next2 := rotate(t, dir.Rotate, "", next.Active)[0]
	retired := list(t, dir, next.Active)[0].ID
	for _, id := range []string{next2.Former.ID, next2.Key.ID, "unheard-of", ""} {
		if _, _, err := dir.Prune(keydir.Pruning{IDs: []string{retired, id}}, next.Active); err == nil {
			t.Errorf("Prune of %q has no error, want one, because it is not the kid of a retired key", id)
		}
	}
	if got := states(t, dir, next.Active); got != "retired active next" {
		t.Errorf("states %s, want nothing deleted", got)
	}
}

func TestPrune_KeepsKeysThatWereAlwaysActive(t *testing.T) {
	dir, path := openDir(t)
	write(t, filepath.Join(path, "a.pem"), enrichtest.NewIssuer(t, "ES256").PrivatePEM())
	write(t, filepath.Join(path, "b.pem"), enrichtest.NewIssuer(t, "ES256").PrivatePEM())
	if deleted, kept := prune(t, dir, keydir.Pruning{RetireAfter: time.Nanosecond}, start); deleted != "" || len(strings.Fields(kept)) != 2 {
		t.Errorf("deleted %q, kept %q, want both kept, because it is not known when one retired", deleted, kept)
	}
}

func TestPrune_DeletesEveryCopyOfAKey(t *testing.T) {
	dir, path := openDir(t)
	old := newKey(t, dir, "ES256", start)
	text, err := os.ReadFile(old.Path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(path, "copy.pem"), text)
	next := rotate(t, dir.Rotate, "", start)[0].Key
	prune(t, dir, keydir.Pruning{RetireAfter: time.Hour}, next.Active.Add(24*time.Hour))
	if entries, _ := os.ReadDir(path); len(entries) != 1 {
		t.Errorf("%d files, want only the new key", len(entries))
	}
}

func TestPrune_ZeroRetireAfterMeansTheDefault(t *testing.T) {
	dir, _ := openDir(t)
	old := newKey(t, dir, "ES256", start)
	takeover := rotate(t, dir.Rotate, "", start)[0].Key.Active
	for after, want := range map[time.Duration]string{
		keydir.DefaultRetireAfter:             "",
		keydir.DefaultRetireAfter + time.Hour: old.ID,
	} {
		if deleted, _ := prune(t, dir, keydir.Pruning{DryRun: true}, takeover.Add(after)); deleted != want {
			t.Errorf("%v after the takeover: would delete %q, want %q", after, deleted, want)
		}
	}
}
