package keys_test

import (
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/keys"
	"github.com/tokengraft/tokengraft/enrich/keys/keydir"
)

func TestReplicas_SeeEachOthersKeysWithin10Seconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := enrichtest.NewIssuer(t, "ES256")
		dir, path := openDir(t)
		ring := openFile(t, setOf(issuer), func(o *keys.Options) { o.Dir = path })
		run(t, ring)
		next := newKey(t, dir, "ES256", time.Now())
		pass(10 * time.Second)
		if !publishes(t, ring, next.ID) {
			t.Error("the other replica's key is not published")
		}
		other := openFile(t, setOf(issuer), func(o *keys.Options) { o.Dir = path })
		pass(keydir.Publication)
		if key := signer(t, other, token(issuer)); key.ID() != next.ID || !restores(t, ring, key) {
			t.Errorf("a replica signs with %s, want %s, and the other replica to restore it", key.ID(), next.ID)
		}
	})
}

func TestRotation_IsPublishedBeforeItSigns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := enrichtest.NewIssuer(t, "ES256")
		dir, path := openDir(t)
		ring := openFile(t, setOf(issuer), func(o *keys.Options) { o.Dir, o.RetireAfter = path, 5*time.Minute })
		run(t, ring)
		old := signer(t, ring, token(issuer))
		pass(1500 * time.Millisecond)
		made := time.Now()
		next := newKey(t, dir, "ES256", made)
		tests := []struct {
			after time.Duration // since the key was made
			signs string
			old   bool // the old key is published
		}{
			{2 * time.Second, old.ID(), true},
			{keydir.Publication - 1, old.ID(), true},
			{keydir.Publication, next.ID, true},
			{keydir.Publication + 6*time.Minute, next.ID, true}, // one more minute, for a replica with a slow clock
			{keydir.Publication + 6*time.Minute + 2*time.Second, next.ID, false},
		}
		for _, tt := range tests {
			pass(time.Until(made.Add(tt.after)))
			if got := signer(t, ring, token(issuer)).ID(); got != tt.signs {
				t.Errorf("after %v: signs with %s, want %s", tt.after, got, tt.signs)
			}
			if !publishes(t, ring, next.ID) {
				t.Errorf("after %v: the new key is not published", tt.after)
			}
			if got := publishes(t, ring, old.ID()); got != tt.old {
				t.Errorf("after %v: the old key is published: %v, want %v", tt.after, got, tt.old)
			}
			if !restores(t, ring, old) {
				t.Errorf("after %v: the old key does not restore", tt.after)
			}
		}
	})
}

func TestJWKS_PublishesEveryKeyThatWasAlwaysActive(t *testing.T) {
	_, path := openDir(t)
	a, b := enrichtest.NewIssuer(t, "ES256"), enrichtest.NewIssuer(t, "ES256")
	write(t, filepath.Join(path, "a.pem"), a.PrivatePEM())
	write(t, filepath.Join(path, "b.pem"), b.PrivatePEM())
	ring := openFile(t, set(), func(o *keys.Options) { o.Dir = path })
	if got := len(published(t, ring)); got != 2 {
		t.Errorf("%d keys published, want both, because it is not known when one retired", got)
	}
}
