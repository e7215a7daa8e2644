package cache_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokengraft/tokengraft/cache"
	"github.com/tokengraft/tokengraft/enrich"
)

func TestStaleFor_LimitsStaleDocuments(t *testing.T) {
	const staleFor = 10 * time.Minute
	asks := map[string]func(enrich.User) enrich.Query{"login": login, "refresh": refresh}
	brief := func(life time.Duration) func(enrich.User) enrich.Query {
		return func(u enrich.User) enrich.Query {
			now := time.Now()
			return enrich.Query{User: u, NotBefore: now, KeepUntil: now.Add(life)}
		}
	}
	asks["refresh of a token of one minute"] = brief(time.Minute)
	asks["refresh of an expired token"] = brief(-time.Minute)

	for _, tt := range []struct {
		ask      string
		staleFor time.Duration
		after    time.Duration
		served   bool
	}{
		{"login", staleFor, life + 1, true},
		{"login", staleFor, life + staleFor, true},
		{"login", staleFor, life + staleFor + 1, false},
		{"login", 0, life + 1, false},
		{"refresh", staleFor, 1, true},
		{"refresh", staleFor, life + staleFor, true},
		{"refresh", staleFor, life + staleFor + 1, false},
		{"refresh", 0, 1, false},
		{"refresh of a token of one minute", staleFor, time.Minute + staleFor, true},
		{"refresh of a token of one minute", staleFor, time.Minute + staleFor + 1, false},
		{"refresh of an expired token", staleFor, staleFor, true},
		{"refresh of an expired token", staleFor, staleFor + 1, false},
	} {
		t.Run(fmt.Sprintf("%s after %v of %v", tt.ask, tt.after, tt.staleFor), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				source := newFakeSource(`{}`)
				cached := newCache(t, cache.Options{StaleFor: tt.staleFor}).Source(source, "")
				read := wantDocument(t, cached, login(anna), `{}`)
				source.fail(errDown)
				time.Sleep(tt.after)
				doc, err := cached.Lookup(t.Context(), asks[tt.ask](anna))
				if !tt.served {
					if err != errDown {
						t.Errorf("Lookup = %s, %v; want %v", doc.JSON, err, errDown)
					}
					return
				}
				if err != nil || !doc.Stale || string(doc.JSON) != `{}` || !doc.ReadAt.Equal(read.ReadAt) {
					t.Errorf("Lookup while the source fails = %+v, %v; want the document read at %v, stale", doc, err, read.ReadAt)
				}
				source.fail(nil)
				if doc := wantDocument(t, cached, refresh(anna), `{}`); doc.Stale {
					t.Error("Stale = true when the source works again, want false")
				}
			})
		})
	}
}

func TestStaleFor_AppliesToUndecodableDocument(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := newFakeSource(`{}`)
		cached := newCache(t, cache.Options{StaleFor: time.Hour}).Source(source, "")
		wantDocument(t, cached, login(anna), `{}`)
		time.Sleep(time.Nanosecond)
		source.fail(fmt.Errorf("document of 2 KiB: %w", enrich.ErrUndecodable))
		if doc := wantDocument(t, cached, refresh(anna), `{}`); !doc.Stale {
			t.Error("Stale = false although the read failed, want true")
		}
		_, err := cached.Lookup(t.Context(), refresh(enrich.User{ID: "bert"}))
		if !errors.Is(err, enrich.ErrUndecodable) {
			t.Errorf("Lookup of a user without an entry = %v, want %v", err, enrich.ErrUndecodable)
		}
	})
}

func TestStaleFor_DoesNotApplyToMissingEntry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := newFakeSource("")
		cached := newCache(t, cache.Options{StaleFor: time.Hour, MissingFor: time.Hour}).Source(source, "")
		wantDocument(t, cached, login(anna), "")
		time.Sleep(time.Nanosecond)
		source.fail(errDown)
		if doc, err := cached.Lookup(t.Context(), refresh(anna)); err != errDown {
			t.Errorf("Lookup = %s, %v; want %v", doc.JSON, err, errDown)
		}
	})
}

// A source may return an older document of its own while it cannot read. A file
// source does.
func TestStaleFor_LimitsStaleDocumentOfSourceAndDoesNotKeepIt(t *testing.T) {
	for name, tt := range map[string]struct {
		age, staleFor time.Duration
		marked        bool // Document.Stale is set; otherwise only ReadAt is old
		served        bool
	}{
		"as old as the token may be":   {life, 0, true, true},
		"older":                        {life + 1, 0, true, false},
		"at the limit of stale_for":    {life + time.Minute, time.Minute, true, true},
		"over it":                      {life + time.Minute + 1, time.Minute, true, false},
		"old, and not marked as stale": {time.Minute, 0, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				source := newFakeSource(`{}`)
				source.docs[anna] = enrich.Document{JSON: []byte(`{}`), ReadAt: time.Now().Add(-tt.age), Stale: tt.marked}
				cached := newCache(t, cache.Options{StaleFor: tt.staleFor}).Source(source, "")
				for range 2 {
					doc, err := cached.Lookup(t.Context(), login(anna))
					if served := err == nil && doc.Stale; served != tt.served {
						t.Errorf("Lookup = %+v, %v; want a stale document: %t", doc, err, tt.served)
					}
				}
				wantReads(t, source, 2)
			})
		})
	}
}

// A token may expire during the read for it. Its document can be stale for as long as any other.
func TestStaleFor_DocumentOfATokenThatExpiredDuringTheRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := newFakeSource(`{"n":1}`)
		source.delay = 2 * time.Second
		c := newCache(t, cache.Options{StaleFor: time.Hour})
		cached := c.Source(source, "")
		now := time.Now()
		wantDocument(t, cached, enrich.Query{User: anna, NotBefore: now, KeepUntil: now.Add(time.Second)}, `{"n":1}`)
		source.fail(errDown)
		if doc := wantDocument(t, cached, refresh(anna), `{"n":1}`); !doc.Stale {
			t.Errorf("the document %+v is not stale", doc)
		}
		time.Sleep(2 * time.Hour)
		if entries := c.Stats().Entries; entries != 0 {
			t.Errorf("there are %d entries after stale_for, want 0", entries)
		}
	})
}
