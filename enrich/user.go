package enrich

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// A User identifies a user by the user-id claim of their token. It is comparable,
// so it can be a map key. The zero User means that the token does not identify a
// user; it has no document.
type User struct {
	// ID is the claim's string, or the literal of a whole number.
	ID string
	// Number means that the claim was a JSON number: "5" and 5 are two users.
	Number bool
	// Issuer is the iss of the token if Options.UserIssuer is set, and otherwise
	// empty. The same ID of two issuers is two users then.
	Issuer string
}

// logKey is the key of the hash that replaces a user's id in logs. It changes
// with every start of the process. So the log lines of one run can be matched,
// but a hash cannot be computed from an id.
var logKey = rand.Text()

// LogValue implements [slog.LogValuer]. It returns a keyed hash of the id, so no
// log contains the id.
func (u User) LogValue() slog.Value {
	sum := sha256.Sum256([]byte(logKey + u.ID + u.Issuer))
	return slog.StringValue(hex.EncodeToString(sum[:6]))
}

// String implements [fmt.Stringer]. It returns the same hash as LogValue.
func (u User) String() string { return "user " + u.LogValue().String() }

// Format implements [fmt.Formatter]. It prints what String returns, so that no verb
// prints the id. (%p is for pointers: `go vet` reports it.)
func (u User) Format(state fmt.State, _ rune) { io.WriteString(state, u.String()) }

// userOf returns the user that the claims identify. A user id is a string that is
// not empty or a whole number; for anything else it returns the zero User. With
// Options.UserIssuer it also does so if there is no issuer.
func (e *Enricher) userOf(claims *jsonedit.Object) User {
	user := idOf(claims.Lookup(e.userID))
	if !e.o.UserIssuer || user.ID == "" {
		return user
	}
	user.Issuer, _ = jsonedit.Unquote(claims.Value("iss"))
	if user.Issuer == "" {
		return User{}
	}
	return user
}

// UserClaim returns the user that the claims of a token identify, and the JSON text of the
// user-id claim, which is nil if the token does not have it. It does not verify the token.
func (e *Enricher) UserClaim(t *Token) (User, []byte) {
	return e.userOf(t.payload), t.payload.Lookup(e.userID)
}

// UserOf returns the user with this value of the user-id claim, as JSON text. It is the
// zero User for a value that cannot be an id.
func UserOf(claim []byte) User { return idOf(claim) }

func idOf(claim []byte) User {
	if id, ok := jsonedit.Unquote(claim); ok {
		return User{ID: id}
	}
	if isInteger(claim) {
		return User{ID: string(claim), Number: true}
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
