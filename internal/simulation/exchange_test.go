package simulation_test

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
)

// An exchange is a login or a refresh: the backend's response, and what the client
// got.
type exchange struct {
	settings    settings
	user        string
	refresh     bool
	markFailure bool      // as with the policy pass
	wrote       int       // number of the client's own write before, or 0
	signedUp    time.Time // when a newcomer's document was inserted; otherwise zero
	tokens      []token

	issued   time.Time     // when the backend issued its tokens
	ahead    time.Duration // how far the backend's clock was fast then
	answered time.Time     // when the backend's response came
	asked    time.Time     // when enrichment started
	signed   time.Time     // when enrichment ended; zero before
	ages     []float64     // recorded for the metric, in seconds
	outcomes []enrich.Outcome
	canceled bool // the client left
}

// visit is one exchange of a client: a login, a refresh, or a write of the user's
// own document and a refresh that must show it.
func (w *world) visit(d *random, user string) {
	r, x := w.exchange(d, user)
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

// exchange returns an exchange with one of the replicas.
func (w *world) exchange(d *random, user string) (*replica, *exchange) {
	r := w.replicas[d.IntN(len(w.replicas))]
	return r, &exchange{settings: r.settings, user: user, markFailure: d.oneIn(2)}
}

// signUp is the first minute of a new user. They log in before they have a document, then
// it is inserted, and they log in again.
func (w *world) signUp(d *random) {
	user := w.collection.newcomer()
	var signedUp time.Time
	logIn := func() {
		r, x := w.exchange(d, user)
		x.signedUp = signedUp
		w.backend.answer(d, x)
		r.enrich(w.t.Context(), x)
	}
	for range 1 + d.IntN(3) {
		logIn()
	}
	w.collection.write(d, user)
	signedUp = time.Now()
	for range 1 + d.IntN(3) {
		time.Sleep(d.upTo(300 * time.Millisecond))
		logIn()
	}
}

// grant returns the grant that the proxy would make of the exchange.
func (x *exchange) grant() enrich.Grant {
	g := enrich.Grant{Answered: x.answered, Cause: causeOf(x.refresh), MarkFailure: x.markFailure}
	for n, kind := range []enrich.Kind{enrich.Access, enrich.ID}[:len(x.tokens)] {
		g.Tokens = append(g.Tokens, enrich.Issued{Raw: x.tokens[n].raw, Kind: kind, Budget: 4 << 10})
	}
	return g
}

func causeOf(refresh bool) enrich.Cause {
	if refresh {
		return enrich.CauseRefresh
	}
	return enrich.CauseLogin
}

// life returns the L of laws F1 to F6 at the start of the enrichment, at most max_age.
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

// notBefore returns the earliest allowed start of a read for the exchange.
func (x *exchange) notBefore() time.Time {
	if x.refresh {
		return x.answered
	}
	return x.asked.Add(-x.life())
}

// expired reports whether a token had expired before it was verified.
func (x *exchange) expired() bool {
	for _, tok := range x.tokens {
		if !tok.exp.IsZero() && !x.asked.Before(tok.exp.Add(leeway)) {
			return true
		}
	}
	return false
}

// String describes the exchange with the seconds of the world's clock.
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
