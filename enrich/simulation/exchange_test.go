package simulation_test

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
)

// An exchange is a login or a refresh: what the backend answered, and what the
// client got of it.
type exchange struct {
	settings settings
	user     string
	refresh  bool
	marked   bool // the policy is pass: failures are marked, too
	wrote    int  // what the client has written before, by its number; or 0
	tokens   []token

	stamped  time.Time     // when the backend stamped its tokens
	ahead    time.Duration // of the backend's clock then
	answered time.Time     // when the backend's answer came
	asked    time.Time     // when its tokens were to be enriched
	signed   time.Time     // when they were; zero before
	ages     []float64     // what was recorded as age, in seconds
	outcomes []enrich.Outcome
	canceled bool // the client did not wait
}

// visit is what a client does: it logs in, refreshes, or writes its document
// and refreshes to see it.
func (w *world) visit(d *dice, user string) {
	r := w.replicas[d.IntN(len(w.replicas))]
	x := &exchange{settings: r.settings, user: user, marked: d.oneIn(2)}
	switch d.IntN(4) {
	case 0:
		x.refresh, x.wrote = true, w.collection.write(d, user)
	case 1:
		x.refresh = true
	}
	w.backend.answer(d, x)
	ctx := w.t.Context()
	if d.oneIn(20) {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d.upTo(timeout/5))
		defer cancel()
	}
	r.enrich(ctx, x)
}

// grant is the exchange as the proxy hands it to the enricher.
func (x *exchange) grant() enrich.Grant {
	g := enrich.Grant{Answered: x.answered, Refresh: x.refresh, MarkFailure: x.marked}
	for n, kind := range []enrich.Kind{enrich.Access, enrich.ID}[:len(x.tokens)] {
		g.Tokens = append(g.Tokens, enrich.Issued{Raw: x.tokens[n].raw, Kind: kind, Budget: 4 << 10})
	}
	return g
}

// life is L of laws F when the exchange asked, lowered by max_age.
func (x *exchange) life() time.Duration {
	least := time.Duration(math.MaxInt64)
	for _, tok := range x.tokens {
		life := x.settings.maxAge
		if !tok.exp.IsZero() {
			life = min(tok.exp.Sub(tok.iat), tok.exp.Sub(x.asked))
			if x.settings.maxAge > 0 {
				life = min(life, x.settings.maxAge)
			}
		}
		least = min(least, life)
	}
	return max(least, 0)
}

// notBefore is when a read must have begun at the earliest.
func (x *exchange) notBefore() time.Time {
	if x.refresh {
		return x.answered
	}
	return x.asked.Add(-x.life())
}

// expired reports whether a token was over before it could be verified.
func (x *exchange) expired() bool {
	for _, tok := range x.tokens {
		if !tok.exp.IsZero() && !x.asked.Before(tok.exp.Add(leeway)) {
			return true
		}
	}
	return false
}

// String tells the exchange by the seconds that the world's clock showed.
func (x *exchange) String() string {
	const seconds = "05.000000"
	return fmt.Sprintf("%s of %s, wrote %d, answered %s, asked %s, signed %s, life %v: %s", x.kind(), x.user, x.wrote,
		x.answered.Format(seconds), x.asked.Format(seconds), x.signed.Format(seconds), x.life(), x.outcomes[0].Reason)
}

func (x *exchange) kind() string {
	if x.refresh {
		return "refresh"
	}
	return "login"
}
