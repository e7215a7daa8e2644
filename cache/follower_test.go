package cache_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokengraft/tokengraft/cache"
)

// A fakeFollower is a fakeSource whose changes may be followed.
type fakeFollower struct {
	*fakeSource
	following atomic.Uint64
}

func (f *fakeFollower) Following() uint64 { return f.following.Load() }

// missingIfFollowed are the options of cache.missing_for: auto.
var missingIfFollowed = cache.Options{MissingFor: 5 * time.Second, MissingIfFollowed: true}

func TestMissingIfFollowed_RemembersWhileOneStreamIsFollowed(t *testing.T) {
	const never = 0
	for name, tt := range map[string]struct {
		before, during, after uint64 // what Following returns: before the first read, at its end, and after it
		wait                  time.Duration
		reads                 int
	}{
		"followed":                    {1, 1, 1, 5 * time.Second, 1},
		"followed, too long ago":      {1, 1, 1, 5*time.Second + 1, 2},
		"never followed":              {never, never, never, 0, 2},
		"broken since":                {1, 1, 0, 0, 2},
		"broken and followed again":   {1, 1, 2, 0, 2},
		"followed since the read":     {0, 1, 1, 0, 2},
		"broken during the read":      {1, 0, 0, 0, 2},
		"interrupted during the read": {1, 2, 2, 0, 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				source := &fakeFollower{fakeSource: newFakeSource("")}
				source.delay = time.Second
				source.following.Store(tt.before)
				time.AfterFunc(source.delay/2, func() { source.following.Store(tt.during) })
				cached := newCache(t, missingIfFollowed).Source(source, "")
				began := time.Now()
				wantDocument(t, cached, login(anna), "")
				source.following.Store(tt.after)
				time.Sleep(time.Until(began.Add(tt.wait)))
				wantDocument(t, cached, login(anna), "")
				wantReads(t, source.fakeSource, tt.reads)
			})
		})
	}
}

func TestMissingIfFollowed_InsertIsVisibleAtOnce(t *testing.T) {
	for name, followed := range map[string]uint64{"followed": 1, "not followed": 0} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				source := &fakeFollower{fakeSource: newFakeSource("")}
				source.following.Store(followed)
				c := newCache(t, missingIfFollowed)
				cached := c.Source(source, "")
				wantDocument(t, cached, login(anna), "")
				time.Sleep(time.Nanosecond)
				source.put(anna, `{}`)
				if followed != 0 {
					c.Invalidate(anna.ID)
				}
				wantDocument(t, cached, login(anna), `{}`)
			})
		})
	}
}

// A document does not depend on the stream: how old it may be follows from the token.
func TestMissingIfFollowed_KeepsDocuments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeFollower{fakeSource: newFakeSource(`{}`)}
		cached := newCache(t, missingIfFollowed).Source(source, "")
		for _, following := range []uint64{1, 0, 2} {
			source.following.Store(following)
			wantDocument(t, cached, login(anna), `{}`)
		}
		wantReads(t, source.fakeSource, 1)
	})
}

// A user who is not remembered must not cost more than one read at a time.
func TestMissingIfFollowed_ConcurrentLoginsShareOneRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := newFakeSource("")
		source.delay = time.Second
		cached := newCache(t, missingIfFollowed).Source(source, "")
		var logins sync.WaitGroup
		for range 100 {
			logins.Go(func() { wantDocument(t, cached, login(anna), "") })
		}
		logins.Wait()
		wantReads(t, source, 1)
	})
}

func TestMissingIfFollowed_TakesNoMemoryWithoutAStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCache(t, missingIfFollowed)
		wantDocument(t, c.Source(newFakeSource(""), ""), login(anna), "")
		if got := c.Stats().Entries; got != 0 {
			t.Errorf("Stats().Entries = %d after a login without a document, want 0", got)
		}
	})
}
