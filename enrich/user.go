package enrich

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// A User is the user that a token names. It is comparable. The zero User has no
// document.
type User struct {
	// ID is the text of the user-id claim, or the literal of a whole number.
	ID string
	// Number says that the claim was a JSON number: "5" and 5 are two users.
	Number bool
}

// logKey keys the hash that stands for a user in logs. It lives as long as the
// process, so a log names one user consistently and none by their id.
var logKey = rand.Text()

// LogValue implements [slog.LogValuer] with a keyed hash, never the id.
func (u User) LogValue() slog.Value {
	sum := sha256.Sum256([]byte(logKey + u.ID))
	return slog.StringValue(hex.EncodeToString(sum[:6]))
}

// String implements [fmt.Stringer] as LogValue does, so that no format verb
// prints the id by accident.
func (u User) String() string { return "user " + u.LogValue().String() }

// GoString implements [fmt.GoStringer] for %#v.
func (u User) GoString() string { return u.String() }

// userOf reads the user from the claims. Only a string that is not empty and a
// whole number name one.
func (e *Enricher) userOf(claims *jsonedit.Object) User {
	value := claims.Lookup(e.userID)
	if id, ok := jsonedit.Unquote(value); ok {
		return User{ID: id}
	}
	if isInteger(value) {
		return User{ID: string(value), Number: true}
	}
	return User{}
}

func isInteger(literal []byte) bool {
	digits := literal
	if len(digits) > 0 && digits[0] == '-' {
		digits = digits[1:]
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(digits) > 0
}
