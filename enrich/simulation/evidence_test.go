package simulation_test

import (
	"slices"
	"time"
)

// held reports whether a read was over when the exchange asked, so that only
// the cache can have answered with it.
func (o oracle) held(rd *read) bool { return !rd.ended.IsZero() && rd.ended.Before(o.x.asked) }

// landed reports whether a read of the exchange's user was over and well when
// the exchange was.
func (o oracle) landed(rd *read) bool {
	return rd.user == o.x.user && !rd.ended.IsZero() && !rd.failed
}

// failed reports whether a read that the exchange may have waited for failed.
func (o oracle) failed() bool {
	return slices.ContainsFunc(o.reads, func(rd *read) bool {
		return rd.user == o.x.user && rd.failed && !rd.ended.Before(o.x.asked)
	})
}

// later returns a read that began after another and was over when the exchange
// asked; nil if there is none.
func (o oracle) later(than *read) *read {
	n := slices.IndexFunc(o.reads, func(rd *read) bool {
		return o.landed(rd) && o.held(rd) && rd.began.After(than.began)
	})
	if n < 0 {
		return nil
	}
	return o.reads[n]
}

// death is when the last of the tokens ends that a read may have been made for:
// those whose exchanges waited while it was under way.
func (o oracle) death(rd *read) (end time.Time) {
	for _, x := range o.exchanges {
		waited := x.signed.IsZero() || x.signed.After(x.asked) && !x.signed.Before(rd.began)
		if x.user != rd.user || !waited || x.asked.After(rd.ended) {
			continue
		}
		if life := x.asked.Add(x.life()); life.After(end) {
			end = life
		}
	}
	return end
}

// evicted returns when the last change of the user or the document was
// delivered, before the exchange's tokens were signed.
func (o oracle) evicted(tags ...string) (at time.Time) {
	for _, e := range o.evictions {
		if concerns(e, tags) && e.at.Before(o.x.signed) {
			at = e.at
		}
	}
	return at
}

// changes returns how many changes were delivered while the exchange waited.
func (o oracle) changes() (n int) {
	for _, e := range o.evictions {
		if !e.at.Before(o.x.asked) {
			n++
		}
	}
	return n
}

func concerns(e eviction, tags []string) bool {
	return len(e.tags) == 0 || slices.ContainsFunc(e.tags, func(tag string) bool { return slices.Contains(tags, tag) })
}
