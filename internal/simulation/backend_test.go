package simulation_test

import (
	"fmt"
	"sync"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
)

// A backend issues tokens. It has its own clock.
type backend struct {
	issuer *enrichtest.Issuer
	mu     sync.Mutex
	ahead  time.Duration // how far its clock is fast; guarded by mu
}

// stepClock makes the clock right, fast or slow, sometimes by more than leeway.
func (b *backend) stepClock(d *random) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ahead = 0
	if d.oneIn(2) {
		b.ahead = d.upTo(6*time.Second) - 3*time.Second
	}
}

// A token is a token of the backend. Its iat and exp are in whole seconds.
type token struct {
	raw      string
	iat, exp time.Time // exp is zero if the token has none
}

// answer issues the tokens of the exchange. They arrive a little later, sometimes
// much later.
func (b *backend) answer(d *random, x *exchange) {
	time.Sleep(d.upTo(20 * time.Millisecond))
	b.issue(d, x)
	delay := 50 * time.Millisecond
	if d.oneIn(5) {
		delay = 2 * time.Second
	}
	time.Sleep(d.upTo(delay))
	x.answered = time.Now()
	time.Sleep(d.upTo(20 * time.Millisecond)) // for the body
}

// issue makes one or two tokens for the exchange now.
func (b *backend) issue(d *random, x *exchange) {
	b.mu.Lock()
	defer b.mu.Unlock()
	x.issued, x.ahead = time.Now(), b.ahead
	for range 1 + d.IntN(5)/4 {
		x.tokens = append(x.tokens, b.token(d, x.user))
	}
}

// token makes a token that lives for some seconds, or rarely without exp.
func (b *backend) token(d *random, user string) token {
	tok := token{iat: time.Now().Add(b.ahead).Truncate(time.Second)}
	claims := fmt.Sprintf(`{"sub":%q,"iat":%d`, user, tok.iat.Unix())
	if !d.oneIn(20) {
		tok.exp = tok.iat.Add(time.Duration(1+d.IntN(8)) * time.Second)
		claims += fmt.Sprintf(`,"exp":%d`, tok.exp.Unix())
	}
	tok.raw = b.issuer.Token(claims + "}")
	return tok
}
