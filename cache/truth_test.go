package cache_test

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
)

// The truth about one user.
type truth struct {
	versions []version   // as they were written; the nth has the text of n
	changed  []time.Time // when the cache had been told
	asked    []span      // every lookup's begin, and its KeepUntil
}

type version struct {
	at      time.Time
	missing bool
}

type span struct{ from, to time.Time }

// checkDocument checks that a document is no older than asked unless it is
// stale, then within its bound; that it shows what was written before it was
// read; that no change evicted it; and that it was within its life if held.
func (w *world) checkDocument(q enrich.Query, doc enrich.Document, asked time.Time) {
	now, truth := time.Now(), w.users[q.User]
	if !doc.Stale && doc.ReadAt.Before(q.NotBefore) {
		w.t.Errorf("document read %v before it may have been", q.NotBefore.Sub(doc.ReadAt))
	}
	if bound := max(0, q.KeepUntil.Sub(now)) + w.staleFor; doc.Stale && now.Sub(doc.ReadAt) > bound {
		w.t.Errorf("stale document is %v old, want at most %v", now.Sub(doc.ReadAt), bound)
	}
	if doc.Stale && (w.staleFor == 0 || !w.mayFail(asked, now)) {
		w.t.Errorf("stale document with stale_for %v and the source down: %t", w.staleFor, w.mayFail(asked, now))
	}
	var n int
	if err := json.Unmarshal(doc.JSON, &n); err != nil {
		w.t.Error(err)
	}
	if least := truth.at(doc.ReadAt); n < least || truth.versions[n].missing {
		w.t.Errorf("version %d, want %d or later: a write was lost", n, least)
	}
	if changed := truth.lastChanged(now); doc.ReadAt.Before(changed) {
		w.t.Errorf("document was read %v before a change evicted it", changed.Sub(doc.ReadAt))
	}
	if end := truth.lifeOf(doc.ReadAt); !doc.Stale && now.Equal(asked) && now.After(end) {
		w.t.Errorf("document was served %v past its life", now.Sub(end))
	}
}

// checkMissing checks that there was no document when there may have been a
// read.
func (w *world) checkMissing(q enrich.Query, asked time.Time) {
	now, truth := time.Now(), w.users[q.User]
	since := q.NotBefore
	if changed := truth.lastChanged(now); changed.After(since) {
		since = changed
	}
	for n := truth.at(since); n < len(truth.versions); n++ {
		if truth.versions[n].missing {
			return
		}
	}
	w.t.Errorf("no document, but there was one since %v before the answer", now.Sub(since))
}

// checkFailure checks that the source was down, or changes kept coming.
func (w *world) checkFailure(u enrich.User, asked time.Time, err error) {
	changes := 0
	for _, at := range w.users[u].changed {
		if !at.Before(asked) {
			changes++
		}
	}
	if !w.mayFail(asked, time.Now()) && changes < 3 {
		w.t.Errorf("Lookup failed though the source was well: %v", err)
	}
}

// mayFail reports whether a read could have failed that a lookup, asked and
// answered then, waited for.
func (w *world) mayFail(asked, answered time.Time) bool {
	return w.wasDown(asked.Add(-longestRead), answered)
}

// wasDown reports whether the source was down at any time from one instant to
// another.
func (w *world) wasDown(from, to time.Time) bool {
	return slices.ContainsFunc(w.outages, func(o span) bool {
		return !o.from.After(to) && !o.to.Before(from)
	})
}

// at returns the version that a read which begins at an instant sees at least.
func (tr *truth) at(instant time.Time) int {
	n := 0
	for i, v := range tr.versions {
		if v.at.Before(instant) {
			n = i
		}
	}
	return n
}

// lastChanged returns the last change of which the cache had been told before
// an instant.
func (tr *truth) lastChanged(instant time.Time) (at time.Time) {
	for _, changed := range tr.changed {
		if changed.Before(instant) && changed.After(at) {
			at = changed
		}
	}
	return at
}

// lifeOf returns the end of the longest life of the tokens for which a read can
// have been made. Changes may have made a lookup read three times.
func (tr *truth) lifeOf(readAt time.Time) (end time.Time) {
	for _, q := range tr.asked {
		if !q.from.Before(readAt.Add(-2*longestRead)) && !q.from.After(readAt.Add(longestRead)) && q.to.After(end) {
			end = q.to
		}
	}
	return end
}
