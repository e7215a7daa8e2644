package history

import (
	"log/slog"
	"sync"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
)

// keptLogins is how many logins [Logins] keeps.
const keptLogins = 200

// keptTokens is how many tokens of a login are kept. More than an access token and an
// id_token are rare.
const keptTokens = 4

// Logins are the last responses with tokens, without the tokens. A draft of the
// configuration is tried on them. The zero value is empty, and may be used concurrently.
type Logins struct {
	mu   sync.Mutex
	ring [keptLogins]Login
	next int // where the next login goes
	n    int // how many there are
}

// A Login is a response with tokens. It has the user's id, so it prints nothing of itself.
type Login struct {
	Time    time.Time
	Rule    string // its pattern
	Refresh bool
	User    enrich.User
	Tokens  []Token
	kept    [keptTokens]Token // the memory of Tokens
}

// A Token is what became of a token. Sizes are in bytes.
type Token struct {
	Kind     enrich.Kind
	InHeader bool
	Budget   int // for the token at its place
	Before   int // the token of the backend
	After    int // the token of the client
	Document int // the document in it, as JSON; 0 without one
	Life     time.Duration
	Reason   enrich.Reason
}

// String implements [fmt.Stringer]. It does not say who the user is.
func (l Login) String() string { return "a login with the rule " + l.Rule }

// GoString implements [fmt.GoStringer].
func (l Login) GoString() string { return l.String() }

// LogValue implements [slog.LogValuer].
func (l Login) LogValue() slog.Value { return slog.StringValue(l.String()) }

// Add keeps a login, and forgets the oldest if there are too many.
func (l *Logins) Add(login Login) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := &l.ring[l.next]
	n := copy(login.kept[:], login.Tokens)
	*at = login
	at.Tokens = at.kept[:n]
	l.next = (l.next + 1) % keptLogins
	l.n = min(l.n+1, keptLogins)
}

// Last returns the last logins, the newest first.
func (l *Logins) Last() []Login {
	l.mu.Lock()
	defer l.mu.Unlock()
	last := make([]Login, 0, l.n)
	for i := range l.n {
		login := l.ring[(l.next-1-i+keptLogins)%keptLogins]
		login.Tokens = append([]Token(nil), login.Tokens...)
		last = append(last, login)
	}
	return last
}

// ShortestLife returns the shortest life of a token that has the claim, or 0 if there is
// none.
func (l *Logins) ShortestLife() (shortest time.Duration) {
	for _, login := range l.Last() {
		for _, token := range login.Tokens {
			if token.Document > 0 && token.Life > 0 && (shortest == 0 || token.Life < shortest) {
				shortest = token.Life
			}
		}
	}
	return shortest
}
