package cache_test

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
)

// A history records what happened to one user's document.
type history struct {
	versions    []version // in the order of the writes; the text of the nth is n
	invalidated []time.Time
	queries     []interval // from the start of each lookup to its KeepUntil
}

type version struct {
	at      time.Time
	missing bool
}

type interval struct{ from, to time.Time }

// checkDocument checks that a document is not older than the query allows, or stale within
// its limit. It also checks that the document contains all earlier writes, was not
// invalidated, and that its entry had not expired.
func (w *world) checkDocument(q enrich.Query, doc enrich.Document, asked time.Time) {
	now, history := time.Now(), w.users[q.User]
	if !doc.Stale && doc.ReadAt.Before(q.NotBefore) {
		w.t.Errorf("document was read %v before NotBefore", q.NotBefore.Sub(doc.ReadAt))
	}
	if bound := max(0, q.KeepUntil.Sub(now)) + w.staleFor; doc.Stale && now.Sub(doc.ReadAt) > bound {
		w.t.Errorf("stale document is %v old, want at most %v", now.Sub(doc.ReadAt), bound)
	}
	if doc.Stale && (w.staleFor == 0 || !w.mayFail(asked, now)) {
		w.t.Errorf("stale document with StaleFor %v while the source was down: %t, want a StaleFor and true", w.staleFor, w.mayFail(asked, now))
	}
	var n int
	if err := json.Unmarshal(doc.JSON, &n); err != nil {
		w.t.Error(err)
	}
	if least := history.at(doc.ReadAt); n < least || history.versions[n].missing {
		w.t.Errorf("got version %d, want %d or later that exists", n, least)
	}
	if changed := history.lastInvalidated(now); doc.ReadAt.Before(changed) {
		w.t.Errorf("document was read %v before it was invalidated", changed.Sub(doc.ReadAt))
	}
	if end := history.lifeOf(doc.ReadAt); !doc.Stale && now.Equal(asked) && now.After(end) {
		w.t.Errorf("document was used %v after its entry had expired", now.Sub(end))
	}
}

// checkMissing checks that the document was missing at some time at which the
// cache may have read it.
func (w *world) checkMissing(q enrich.Query, asked time.Time) {
	now, history := time.Now(), w.users[q.User]
	since := q.NotBefore
	if changed := history.lastInvalidated(now); changed.After(since) {
		since = changed
	}
	for n := history.at(since); n < len(history.versions); n++ {
		if history.versions[n].missing {
			return
		}
	}
	w.t.Errorf("got no document, but there was one during the %v before the answer", now.Sub(since))
}

// checkFailure checks that the source was down, or that the document kept
// changing.
func (w *world) checkFailure(u enrich.User, asked time.Time, err error) {
	changes := 0
	for _, at := range w.users[u].invalidated {
		if !at.Before(asked) {
			changes++
		}
	}
	if !w.mayFail(asked, time.Now()) && changes < 3 {
		w.t.Errorf("Lookup failed although the source worked: %v", err)
	}
}

// mayFail reports whether a read that a lookup waited for, between asked and answered, may
// have failed.
func (w *world) mayFail(asked, answered time.Time) bool {
	return w.wasDown(asked.Add(-longestRead), answered)
}

// wasDown reports whether the source was down at any time from one instant to
// another.
func (w *world) wasDown(from, to time.Time) bool {
	return slices.ContainsFunc(w.outages, func(o interval) bool {
		return !o.from.After(to) && !o.to.Before(from)
	})
}

// at returns the earliest version that a read that starts at an instant may find.
func (h *history) at(instant time.Time) int {
	n := 0
	for i, v := range h.versions {
		if v.at.Before(instant) {
			n = i
		}
	}
	return n
}

// lastInvalidated returns when the cache was last invalidated before an instant.
func (h *history) lastInvalidated(instant time.Time) (at time.Time) {
	for _, changed := range h.invalidated {
		if changed.Before(instant) && changed.After(at) {
			at = changed
		}
	}
	return at
}

// lifeOf returns the latest KeepUntil of the lookups that may have caused a read. A lookup
// reads up to three times if its document is invalidated.
func (h *history) lifeOf(readAt time.Time) (end time.Time) {
	for _, q := range h.queries {
		if !q.from.Before(readAt.Add(-2*longestRead)) && !q.from.After(readAt.Add(longestRead)) && q.to.After(end) {
			end = q.to
		}
	}
	return end
}
