package simulation_test

import (
	"slices"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
)

// An oracle knows all that happened around one exchange, and says what is wrong
// about its outcome. The replica is locked.
type oracle struct {
	*replica
	x *exchange
}

func (o oracle) check() {
	reason := o.x.outcomes[0].Reason
	for _, outcome := range o.x.outcomes {
		if outcome.Reason != reason {
			o.violated("C1", "reasons %q and %q in one response", reason, outcome.Reason)
		}
	}
	switch {
	case o.x.expired() != (reason == enrich.BadToken):
		o.violated("B1", "%q of tokens that are expired: %t", reason, o.x.expired())
	case reason == enrich.BadToken:
		o.tally.count(o.x.kind(), "bad_token")
	case reason == enrich.OK, reason == enrich.Stale:
		o.checkEnriched(reason)
	case reason == enrich.NoDocument:
		o.checkMissing()
	case reason == enrich.Unavailable:
		o.checkFailure()
	default:
		o.violated("Fine print", "reason %q, %v", reason, o.x.outcomes[0].Err)
	}
}

// checkEnriched checks the tokens of a response, which carry one document.
func (o oracle) checkEnriched(reason enrich.Reason) {
	freshness := map[enrich.Reason]string{enrich.OK: "fresh", enrich.Stale: "stale"}[reason]
	var first *document
	for _, outcome := range o.x.outcomes {
		c := decode(o.t, outcome.Raw)
		switch {
		case c.Document == nil:
			o.violated("F4", "%s without a document", reason)
			return
		case c.Document.User != o.x.user || c.Sub != o.x.user:
			o.violated("F7", "the document of %s in the token of %s", c.Document.User, c.Sub)
		case c.Freshness != freshness:
			o.violated("F6", "freshness %q of a token that is %s", c.Freshness, reason)
		case c.ReadAt != o.reads[c.Document.Read].began.Unix():
			o.violated("F6", "read_at is %d, the read began at %d", c.ReadAt, o.reads[c.Document.Read].began.Unix())
		case first != nil && *first != *c.Document:
			o.violated("F5", "reads %d and %d in one response", first.Read, c.Document.Read)
		}
		first = c.Document
	}
	rd := o.reads[first.Read]
	o.checkAge(rd)
	o.checkEvicted(rd)
	switch {
	case reason == enrich.Stale:
		o.checkStale(rd)
	case o.x.refresh:
		o.checkRefresh(rd)
	default:
		o.checkLogin(rd)
	}
}

// checkAge: the metric tells the truth, for every token.
func (o oracle) checkAge(rd *read) {
	age := o.x.signed.Sub(rd.began).Seconds()
	if want := slices.Repeat([]float64{age}, len(o.x.tokens)); !slices.Equal(o.x.ages, want) {
		o.violated("F6", "ages %v were recorded, want %v", o.x.ages, want)
	}
}

// checkEvicted: nothing is served that was read before a change which was
// delivered before the tokens were signed.
func (o oracle) checkEvicted(rd *read) {
	if at := o.evicted(o.x.user, rd.found.id); rd.began.Before(at) {
		o.violated("F3", "a document that was read %v before it was evicted", at.Sub(rd.began))
	}
}

// checkRefresh: the read began after the backend's answer, so the client sees
// what it wrote, and the data is at most L old when the token expires, but for
// the backend's clock and delay.
func (o oracle) checkRefresh(rd *read) {
	if rd.began.Before(o.x.answered) {
		o.violated("F1", "a refresh with data read %v before the backend answered", o.x.answered.Sub(rd.began))
	}
	if rd.found.number < o.x.wrote {
		o.violated("F1", "the client wrote version %d, refreshed, and got %d", o.x.wrote, rd.found.number)
	}
	delay := o.x.answered.Sub(o.x.stamped)
	for _, tok := range o.x.tokens {
		bound := tok.exp.Sub(tok.iat) + max(0, o.x.ahead) + delay
		if age := tok.exp.Sub(rd.began); !tok.exp.IsZero() && age > bound {
			o.violated("F6", "data of a refresh is %v old when the token expires, want at most %v", age, bound)
		}
	}
	o.tally.count(o.x.kind(), "ok", o.way(rd))
	o.tally.worst("age in a refreshed token", o.x.signed.Sub(rd.began))
}

// checkLogin: the data was at most L old when the tokens were issued; what was
// held was within the life of a token that it was read for, and nothing was
// read since.
func (o oracle) checkLogin(rd *read) {
	age := o.x.asked.Sub(rd.began)
	if age > o.x.life() {
		o.violated("F6", "a login with data %v old, want at most %v", age, o.x.life())
	}
	if o.held(rd) {
		if end := o.death(rd); o.x.asked.After(end) {
			o.violated("F2", "an entry was served %v past the life of the tokens that it was read for", o.x.asked.Sub(end))
		}
		if later := o.later(rd); later != nil {
			o.violated("F2", "an entry was served that began %v before a read which had landed", later.began.Sub(rd.began))
		}
	}
	o.tally.count(o.x.kind(), "ok", o.way(rd))
	o.tally.worst("age in a login's token", age)
}

// checkStale: the source failed, and the document is within its bound.
func (o oracle) checkStale(rd *read) {
	if o.settings.staleFor == 0 || !o.failed() {
		o.violated("G2", "stale with stale_for %v, and a read failed: %t", o.settings.staleFor, o.failed())
	}
	age, bound := o.x.signed.Sub(rd.began), o.x.life()+o.settings.staleFor
	if age > bound {
		o.violated("F6", "a stale document is %v old, want at most %v", age, bound)
	}
	if end := o.death(rd).Add(o.settings.staleFor); o.x.signed.After(end) {
		o.violated("G2", "a document stood in %v past stale_for", o.x.signed.Sub(end))
	}
	o.tally.count(o.x.kind(), "stale")
	o.tally.worst("age in a stale token", age)
}

// checkMissing: a read which was late enough found none, and it is not longer
// ago than absences are remembered.
func (o oracle) checkMissing() {
	since := o.x.notBefore()
	if at := o.evicted(o.x.user, ""); at.After(since) {
		since = at
	}
	n := slices.IndexFunc(o.reads, func(rd *read) bool {
		remembered := !o.held(rd) || !o.x.asked.After(rd.began.Add(o.settings.missingFor))
		return o.landed(rd) && rd.found.id == "" && rd.found.number >= o.x.wrote && !rd.began.Before(since) && remembered
	})
	if n < 0 {
		o.violated("F4", "no document, but no read found none since %v before the answer", o.x.signed.Sub(since))
		return
	}
	for _, outcome := range o.x.outcomes {
		if c := decode(o.t, outcome.Raw); c.Document != nil || c.Freshness != "absent" || c.ReadAt != 0 {
			o.violated("F4", "a token without a document says %+v", c)
		}
	}
	o.tally.count(o.x.kind(), "no_document", o.way(o.reads[n]))
}

// checkFailure: a read failed, changes kept coming, or the client went away.
func (o oracle) checkFailure() {
	if !o.failed() && !o.x.canceled && o.changes() < 3 {
		o.violated("G2", "unavailable though no read failed: %v", o.x.outcomes[0].Err)
	}
	for n, outcome := range o.x.outcomes {
		if !o.x.marked && outcome.Raw != o.x.tokens[n].raw {
			o.violated("C1", "the original did not pass as it was")
		}
		if c := decode(o.t, outcome.Raw); c.Document != nil || o.x.marked && c.Freshness != "error" {
			o.violated("F6", "a token that misses its document says %+v", c)
		}
	}
	o.tally.count(o.x.kind(), "unavailable")
}

// way tells a document that was held from one that had to be waited for.
func (o oracle) way(rd *read) string {
	if o.held(rd) {
		return "held"
	}
	return "read"
}

func (o oracle) violated(law, format string, args ...any) {
	args = append([]any{law, o.x.kind(), o.x.user, time.Since(o.x.asked)}, args...)
	o.t.Errorf("law %s, %s of %s, asked %v ago: "+format, args...)
}
