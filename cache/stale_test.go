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

func TestStaleForBoundsWhatStandsInForAFailingSource(t *testing.T) {
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
		stands   bool
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
				from := shelve(`{}`)
				src := open(t, cache.Options{StaleFor: tt.staleFor}).Source(from, "")
				read := wants(t, src, login(anna), `{}`)
				from.fail(errDown)
				time.Sleep(tt.after)
				doc, err := src.Lookup(t.Context(), asks[tt.ask](anna))
				if !tt.stands {
					if err != errDown {
						t.Errorf("Lookup = %s, %v; want %v", doc.JSON, err, errDown)
					}
					return
				}
				if err != nil || !doc.Stale || string(doc.JSON) != `{}` || !doc.ReadAt.Equal(read.ReadAt) {
					t.Errorf("Lookup = %+v, %v; want the document of before, stale", doc, err)
				}
				from.fail(nil)
				if doc := wants(t, src, refresh(anna), `{}`); doc.Stale {
					t.Error("the document is stale though the source works again")
				}
			})
		})
	}
}

func TestDocumentThatCannotBeDecodedIsStoodInForToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from := shelve(`{}`)
		src := open(t, cache.Options{StaleFor: time.Hour}).Source(from, "")
		wants(t, src, login(anna), `{}`)
		time.Sleep(time.Nanosecond)
		from.fail(fmt.Errorf("document of 2 KiB: %w", enrich.ErrUndecodable))
		if doc := wants(t, src, refresh(anna), `{}`); !doc.Stale {
			t.Error("the document is not stale")
		}
		_, err := src.Lookup(t.Context(), refresh(enrich.User{ID: "bert"}))
		if !errors.Is(err, enrich.ErrUndecodable) {
			t.Errorf("Lookup of one who was never read: %v, want %v", err, enrich.ErrUndecodable)
		}
	})
}

func TestNoDocumentNeverStandsIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from := shelve("")
		src := open(t, cache.Options{StaleFor: time.Hour, MissingFor: time.Hour}).Source(from, "")
		wants(t, src, login(anna), "")
		time.Sleep(time.Nanosecond)
		from.fail(errDown)
		if doc, err := src.Lookup(t.Context(), refresh(anna)); err != errDown {
			t.Errorf("Lookup = %s, %v; want %v", doc.JSON, err, errDown)
		}
	})
}

// A source may hold an older document of its own while what it reads from is
// broken: a file source does.
func TestStaleDocumentOfTheSourceIsBoundedAndNotKept(t *testing.T) {
	for name, tt := range map[string]struct {
		age, staleFor time.Duration
		said          bool // Document.Stale, or only an old ReadAt
		passes        bool
	}{
		"as old as the token may be":  {life, 0, true, true},
		"older":                       {life + 1, 0, true, false},
		"at the bound of stale_for":   {life + time.Minute, time.Minute, true, true},
		"over it":                     {life + time.Minute + 1, time.Minute, true, false},
		"old, and the source is mute": {time.Minute, 0, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				from := shelve(`{}`)
				from.docs[anna] = enrich.Document{JSON: []byte(`{}`), ReadAt: time.Now().Add(-tt.age), Stale: tt.said}
				src := open(t, cache.Options{StaleFor: tt.staleFor}).Source(from, "")
				for range 2 {
					doc, err := src.Lookup(t.Context(), login(anna))
					if passes := err == nil && doc.Stale; passes != tt.passes {
						t.Errorf("Lookup = %+v, %v; want it passed: %t", doc, err, tt.passes)
					}
				}
				wantReads(t, from, 2)
			})
		})
	}
}
