package simulation_test

import (
	"fmt"
	"sync"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
)

// A backend issues tokens, by a clock of its own.
type backend struct {
	issuer *enrichtest.Issuer
	mu     sync.Mutex
	ahead  time.Duration // by how much its clock is fast; guarded by mu
}

// stepClock sets the clock: right, fast or slow, by more than the leeway, too.
func (b *backend) stepClock(d *dice) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ahead = 0
	if d.oneIn(2) {
		b.ahead = d.upTo(6*time.Second) - 3*time.Second
	}
}

// A token is what the backend says in one: iat and exp, in whole seconds.
type token struct {
	raw      string
	iat, exp time.Time // exp is zero where it has none
}

// answer issues the exchange's tokens and has them arrive, late at times.
func (b *backend) answer(d *dice, x *exchange) {
	time.Sleep(d.upTo(20 * time.Millisecond))
	b.stamp(d, x)
	delay := 50 * time.Millisecond
	if d.oneIn(5) {
		delay = 2 * time.Second
	}
	time.Sleep(d.upTo(delay))
	x.answered = time.Now()
	time.Sleep(d.upTo(20 * time.Millisecond)) // of the body
}

// stamp makes the exchange's tokens now: one or, at times, two.
func (b *backend) stamp(d *dice, x *exchange) {
	b.mu.Lock()
	defer b.mu.Unlock()
	x.stamped, x.ahead = time.Now(), b.ahead
	for range 1 + d.IntN(5)/4 {
		x.tokens = append(x.tokens, b.token(d, x.user))
	}
}

// token makes a token that lives for some seconds, seldom for ever.
func (b *backend) token(d *dice, user string) token {
	tok := token{iat: time.Now().Add(b.ahead).Truncate(time.Second)}
	claims := fmt.Sprintf(`{"sub":%q,"iat":%d`, user, tok.iat.Unix())
	if !d.oneIn(20) {
		tok.exp = tok.iat.Add(time.Duration(1+d.IntN(8)) * time.Second)
		claims += fmt.Sprintf(`,"exp":%d`, tok.exp.Unix())
	}
	tok.raw = b.issuer.Token(claims + "}")
	return tok
}
