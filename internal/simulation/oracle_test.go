package simulation_test

import (
	"slices"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
)

// An oracle knows everything that happened around one exchange, and reports what is wrong
// with its outcome. The replica is locked while it checks.
type oracle struct {
	*replica
	x *exchange
}

func (o oracle) check() {
	reason := o.x.outcomes[0].Reason
	for _, outcome := range o.x.outcomes {
		if outcome.Reason != reason {
			o.violated("C1", "got reasons %q and %q in one response, want one", reason, outcome.Reason)
		}
	}
	switch {
	case o.x.expired() != (reason == enrich.BadToken):
		o.violated("B1", "got %q; a token had expired: %t", reason, o.x.expired())
	case reason == enrich.BadToken:
		o.tally.count(o.x.kind(), "bad_token")
	case reason == enrich.OK, reason == enrich.Stale:
		o.checkEnriched(reason)
	case reason == enrich.NoDocument:
		o.checkMissing()
	case reason == enrich.Unavailable:
		o.checkFailure()
	default:
		o.violated("C1", "got reason %q with error %v, which this world cannot cause", reason, o.x.outcomes[0].Err)
	}
}

// checkEnriched checks the tokens of a response, which all have the same document.
func (o oracle) checkEnriched(reason enrich.Reason) {
	freshness := map[enrich.Reason]string{enrich.OK: "fresh", enrich.Stale: "stale"}[reason]
	var first *document
	for _, outcome := range o.x.outcomes {
		c := decode(o.t, outcome.Raw)
		switch {
		case c.Document == nil:
			o.violated("F4", "got %s without a document", reason)
			return
		case c.Document.User != o.x.user || c.Sub != o.x.user:
			o.violated("F7", "got the document of %s in the token of %s", c.Document.User, c.Sub)
		case c.Freshness != freshness:
			o.violated("F6", "got freshness %q with reason %s", c.Freshness, reason)
		case c.ReadAt != o.reads[c.Document.Read].started.Unix():
			o.violated("F6", "got read_at %d, want %d, the start of the read", c.ReadAt, o.reads[c.Document.Read].started.Unix())
		case first != nil && *first != *c.Document:
			o.violated("F5", "got reads %d and %d in one response, want one", first.Read, c.Document.Read)
		}
		first = c.Document
	}
	rd := o.reads[first.Read]
	o.checkAge(rd)
	o.checkInvalidated(rd)
	switch {
	case reason == enrich.Stale:
		o.checkStale(rd)
	case o.x.refresh:
		o.checkRefresh(rd)
	default:
		o.checkLogin(rd)
	}
	o.countSignUp()
}

// checkAge checks that the metric has the right age for every token.
func (o oracle) checkAge(rd *read) {
	age := o.x.signed.Sub(rd.started).Seconds()
	if want := slices.Repeat([]float64{age}, len(o.x.tokens)); !slices.Equal(o.x.ages, want) {
		o.violated("F6", "recorded ages %v, want %v", o.x.ages, want)
	}
}

// checkInvalidated checks that the document was not invalidated between its read
// and the signing of the tokens.
func (o oracle) checkInvalidated(rd *read) {
	if at := o.lastInvalidated(o.x.user, rd.found.id); rd.started.Before(at) {
		o.violated("F3", "got a document that was read %v before its invalidation", at.Sub(rd.started))
	}
}

// checkRefresh checks that the read started after the backend's response, so that
// the client sees its own write. The data is at most L old when the token expires,
// plus the backend's delay and how far its clock is fast.
func (o oracle) checkRefresh(rd *read) {
	if rd.started.Before(o.x.answered) {
		o.violated("F1", "got a refresh with data read %v before the backend answered", o.x.answered.Sub(rd.started))
	}
	if rd.found.number < o.x.wrote {
		o.violated("F1", "the client wrote version %d, refreshed, and got %d", o.x.wrote, rd.found.number)
	}
	delay := o.x.answered.Sub(o.x.issued)
	for _, tok := range o.x.tokens {
		bound := tok.exp.Sub(tok.iat) + max(0, o.x.ahead) + delay
		if age := tok.exp.Sub(rd.started); !tok.exp.IsZero() && age > bound {
			o.violated("F6", "got data that will be %v old when the token expires, want at most %v", age, bound)
		}
	}
	o.tally.count(o.x.kind(), "ok", o.origin(rd))
	o.tally.worst("age in a refreshed token", o.x.signed.Sub(rd.started))
}

// checkLogin checks that the data was at most L old. If it came from the cache, a token
// that it was read for must not have expired, and there must not have been a later read.
func (o oracle) checkLogin(rd *read) {
	age := o.x.asked.Sub(rd.started)
	if age > o.x.life() {
		o.violated("F6", "got a login with data %v old, want at most %v", age, o.x.life())
	}
	if o.fromCache(rd) {
		if end := o.lifeEnd(rd); o.x.asked.After(end) {
			o.violated("F2", "got an entry %v after the expiry of the tokens that it was read for", o.x.asked.Sub(end))
		}
		if newer := o.newerInCache(rd); newer != nil {
			o.violated("F2", "got an entry whose read started %v before another that was already in the cache", newer.started.Sub(rd.started))
		}
	}
	o.tally.count(o.x.kind(), "ok", o.origin(rd))
	o.tally.worst("age in a login's token", age)
}

// checkStale checks that the source failed, and that the document is within its
// bound.
func (o oracle) checkStale(rd *read) {
	if o.settings.staleFor == 0 || !o.failed() {
		o.violated("G2", "got a stale document with stale_for %v; a read failed: %t", o.settings.staleFor, o.failed())
	}
	age, bound := o.x.signed.Sub(rd.started), o.x.life()+o.settings.staleFor
	if age > bound {
		o.violated("F6", "got a stale document %v old, want at most %v", age, bound)
	}
	if end := o.lifeEnd(rd).Add(o.settings.staleFor); o.x.signed.After(end) {
		o.violated("G2", "got a stale document %v past stale_for", o.x.signed.Sub(end))
	}
	o.tally.count(o.x.kind(), "stale")
	o.tally.worst("age in a stale token", age)
}

// checkMissing checks that a read found no document, that it started late enough, and that
// it is not longer ago than missing_for.
func (o oracle) checkMissing() {
	since := o.x.notBefore()
	if at := o.lastInvalidated(o.x.user, ""); at.After(since) {
		since = at
	}
	o.checkSignUp()
	n := slices.IndexFunc(o.reads, func(rd *read) bool {
		remembered := !o.fromCache(rd) || !o.x.asked.After(rd.started.Add(o.settings.missingFor)) && o.mayRemember(rd)
		return o.succeeded(rd) && rd.found.id == "" && rd.found.number >= o.x.wrote && !rd.started.Before(since) && remembered
	})
	if n < 0 {
		o.violated("F4", "got no document, but every read of the last %v found one", o.x.signed.Sub(since))
		return
	}
	for _, outcome := range o.x.outcomes {
		if c := decode(o.t, outcome.Raw); c.Document != nil || c.Freshness != "absent" || c.ReadAt != 0 {
			o.violated("F4", "got claims %+v in a token without a document", c)
		}
	}
	o.tally.count(o.x.kind(), "no_document", o.origin(o.reads[n]))
}

// checkFailure checks that a read failed, the document kept changing, or the client
// left.
func (o oracle) checkFailure() {
	if !o.failed() && !o.x.canceled && o.invalidationsWhileWaiting() < 3 {
		o.violated("G2", "got unavailable although no read failed: %v", o.x.outcomes[0].Err)
	}
	for n, outcome := range o.x.outcomes {
		if !o.x.markFailure && outcome.Raw != o.x.tokens[n].raw {
			o.violated("C1", "the original token was changed")
		}
		if c := decode(o.t, outcome.Raw); c.Document != nil || o.x.markFailure && c.Freshness != "error" {
			o.violated("F6", "got claims %+v in a token whose read failed", c)
		}
	}
	o.tally.count(o.x.kind(), "unavailable")
}

// origin says whether the document came from the cache or from a read that the
// exchange waited for.
func (o oracle) origin(rd *read) string {
	if o.fromCache(rd) {
		return "held"
	}
	return "read"
}

func (o oracle) violated(law, format string, args ...any) {
	args = append([]any{law, o.x.kind(), o.x.user, time.Since(o.x.asked)}, args...)
	o.t.Errorf("law %s, %s of %s, asked %v ago: "+format, args...)
}
