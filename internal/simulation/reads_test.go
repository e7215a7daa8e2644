package simulation_test

import (
	"slices"
	"time"
)

// fromCache reports whether a read had ended when the exchange asked. Then the exchange
// can only have got its result from the cache.
func (o oracle) fromCache(rd *read) bool { return !rd.ended.IsZero() && rd.ended.Before(o.x.asked) }

// succeeded reports whether a read of the exchange's user has ended without an
// error.
func (o oracle) succeeded(rd *read) bool {
	return rd.user == o.x.user && !rd.ended.IsZero() && !rd.failed
}

// failed reports whether one of the reads that the exchange may have waited for failed.
func (o oracle) failed() bool {
	return slices.ContainsFunc(o.reads, func(rd *read) bool {
		return rd.user == o.x.user && rd.failed && !rd.ended.Before(o.x.asked)
	})
}

// newerInCache returns a read that started after another and had ended when the
// exchange asked, or nil.
func (o oracle) newerInCache(than *read) *read {
	n := slices.IndexFunc(o.reads, func(rd *read) bool {
		return o.succeeded(rd) && o.fromCache(rd) && rd.started.After(than.started)
	})
	if n < 0 {
		return nil
	}
	return o.reads[n]
}

// lifeEnd returns when the last of the tokens expires that a read may have been made for:
// the tokens of exchanges that waited during the read.
func (o oracle) lifeEnd(rd *read) (end time.Time) {
	for _, x := range o.exchanges {
		waited := x.signed.IsZero() || x.signed.After(x.asked) && !x.signed.Before(rd.started)
		if x.user != rd.user || !waited || x.asked.After(rd.ended) {
			continue
		}
		if life := x.asked.Add(x.life()); life.After(end) {
			end = life
		}
	}
	return end
}

// lastInvalidated returns when the user or the document was last invalidated before
// the tokens were signed.
func (o oracle) lastInvalidated(tags ...string) (at time.Time) {
	for _, e := range o.invalidations {
		if affects(e, tags) && e.at.Before(o.x.signed) {
			at = e.at
		}
	}
	return at
}

// invalidationsWhileWaiting returns the number of invalidations since the exchange asked.
func (o oracle) invalidationsWhileWaiting() (n int) {
	for _, e := range o.invalidations {
		if !e.at.Before(o.x.asked) {
			n++
		}
	}
	return n
}

// affects reports whether an invalidation names one of the tags, or is for everything.
func affects(e invalidation, tags []string) bool {
	return len(e.tags) == 0 || slices.ContainsFunc(e.tags, func(tag string) bool { return slices.Contains(tags, tag) })
}
