package userapi

import (
	"net/http"
	"strconv"
	"time"

	"github.com/tokengraft/tokengraft/internal/reply"
)

// Problems that every endpoint has. InvalidToken is not 401, because clients log users out
// on it.
var (
	invalidToken    = reply.Problem{Type: "urn:tokengraft:token-invalid", Title: "Token missing or not valid", Status: http.StatusForbidden, Detail: "The request needs one header Authorization with a valid bearer token."}
	keysUnavailable = reply.Problem{Type: "urn:tokengraft:keys-unavailable", Title: "Keys not available yet", Status: http.StatusServiceUnavailable, Detail: "The keys that verify the token could not be fetched. Try again in a few seconds."}
	rateLimited     = reply.Problem{Type: "urn:tokengraft:rate-limited", Title: "Too many requests", Status: http.StatusTooManyRequests, Detail: "This user has sent too many requests. Try again later."}
)

// WriteProblem answers with a problem. The answer depends on the user, so no cache may give
// it to another.
func WriteProblem(w http.ResponseWriter, p reply.Problem) {
	w.Header().Add("Vary", "Authorization")
	p.Reply().Write(w)
}

// WriteInvalidToken answers a request without a valid token. A client that sent one learns
// that it is not valid (RFC 6750, section 3).
func WriteInvalidToken(w http.ResponseWriter, r *http.Request) {
	challenge := "Bearer"
	if r.Header["Authorization"] != nil {
		challenge = `Bearer error="invalid_token"`
	}
	w.Header().Set("WWW-Authenticate", challenge)
	WriteProblem(w, invalidToken)
}

// WriteKeysUnavailable answers a request whose token cannot be verified at the moment.
func WriteKeysUnavailable(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "1")
	WriteProblem(w, keysUnavailable)
}

// WriteRateLimited answers a request that a [Limiter] does not allow.
func WriteRateLimited(w http.ResponseWriter, retryAfter time.Duration) {
	w.Header().Set("Retry-After", RetryAfter(retryAfter))
	WriteProblem(w, rateLimited)
}

// RetryAfter returns the value of the header: whole seconds, at least 1.
func RetryAfter(wait time.Duration) string {
	return strconv.FormatInt(max(1, int64((wait+time.Second-1)/time.Second)), 10)
}
