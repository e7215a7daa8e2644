package proxy

import (
	"encoding/json"
	"net/http"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/reply"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// A problem is an error response that the proxy itself sends, and the error that leads to
// it. No problem has status 401, because clients sign their users out on a 401.
type problem reply.Problem

var (
	problemUnreachable = problem{"urn:tokengraft:backend-unreachable", "Backend unreachable", http.StatusBadGateway, "The authentication backend cannot be reached, or its response is incomplete or invalid. Try again later."}
	problemTimeout     = problem{"urn:tokengraft:backend-timeout", "Backend timed out", http.StatusGatewayTimeout, "The authentication backend did not answer in time. Try again later."}
	problemRefused     = problem{"urn:tokengraft:enrichment-failed", "User data could not be added", http.StatusServiceUnavailable, "The user's data could not be added to the tokens, so they are not sent. Sign in again; this request cannot be repeated, because its code or refresh token may be used up."}
	problemNotAccepted = problem{"urn:tokengraft:not-accepted", "Tokens not accepted", http.StatusServiceUnavailable, "The tokens in the answer of the authentication backend could not be checked, so the answer is not sent. Sign in again; this request cannot be repeated, because its code or refresh token may be used up."}
	problemRejected    = problem{"urn:tokengraft:rejected", "Sign-in rejected", http.StatusForbidden, "The user's data could not be created, so no tokens are sent."}
	problemFailing     = problem{"urn:tokengraft:documents-unavailable", "User data not available", http.StatusServiceUnavailable, "User data is not available at the moment. The request was not sent to the authentication backend, so it can be repeated."}
	problemNoKeys      = problem{"urn:tokengraft:keys-unavailable", "Keys not available yet", http.StatusServiceUnavailable, "The authentication backend's keys have not been fetched yet. Try again in a few seconds."}
	problemOverloaded  = problem{"urn:tokengraft:overloaded", "Overloaded", http.StatusServiceUnavailable, "Too many requests are in progress. The request was not sent to the authentication backend, so it can be repeated."}
	problemHeaders     = problem{"urn:tokengraft:headers-too-large", "Request header fields too large", http.StatusRequestHeaderFieldsTooLarge, "The header of the request is larger than limits.headers, or has more than 256 lines. Often a cookie or a token in it is too large."}
	problemRequest     = problem{"urn:tokengraft:request-broken", "Request body incomplete", http.StatusBadRequest, "The body of the request is incomplete, or took too long to arrive."}
	problemHost        = problem{"urn:tokengraft:host-invalid", "Invalid host", http.StatusBadRequest, "The Host of the request has characters that a host cannot have."}
	problemTarget      = problem{"urn:tokengraft:target-invalid", "Invalid target", http.StatusBadRequest, "The path or the query of the request has a space. Send %20 instead."}
	problemSpelling    = problem{"urn:tokengraft:path-ambiguous", "Ambiguous path", http.StatusBadRequest, "The authentication backend could take this path for another one. Send the request to the path in its usual spelling."}
	problemForbidden   = problem{"urn:tokengraft:forbidden", "Forbidden", http.StatusForbidden, "The user of this request must not send it, or its token is missing or not valid. It was not sent to the backend."}
	problemMethod      = problem{"urn:tokengraft:method-not-allowed", "Method not allowed", http.StatusMethodNotAllowed, "The JWK Set is read-only. Use GET, HEAD or OPTIONS."}
	problemInternal    = problem{"urn:tokengraft:internal", "Internal error", http.StatusInternalServerError, "This request caused an internal error. The log of the proxy has the details."}
)

// Error implements [error].
func (p problem) Error() string { return p.Title }

func (p problem) reply() reply.Reply { return reply.Problem(p).Reply() }

// HeadersTooLarge answers a request as a [Proxy] does if its header is too large. It is for
// servers that refuse such requests before a Proxy sees them.
func HeadersTooLarge(w http.ResponseWriter, _ *http.Request) { problemHeaders.reply().Write(w) }

// Overloaded answers a request for which nothing is left, for servers that refuse it before
// [Proxy.ServeHTTP] sees it.
func (p *Proxy) Overloaded(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Retry-After", "1")
	if !p.snapshot.Load().locals.find(r).refuse(w, r, problemOverloaded) {
		problemOverloaded.reply().Write(w)
	}
}

// rejectionReply returns the reply if a hook rejected the tokens of a response. If the
// backend's response was JSON, the client gets the reason as JSON with status 400 (RFC
// 6749, section 5.2). Other clients, such as redirected browsers, get a problem.
func (x *exchange) rejectionReply(res *http.Response, r *enrich.Rejection) reply.Reply {
	if !locate.IsJSON(res.Header) {
		return problemRejected.reply()
	}
	format := x.rule.Rejection
	if format == nil {
		format = oauthRejection
	}
	return reply.Reply{Status: http.StatusBadRequest, ContentType: "application/json", Body: format(r)}
}

// oauthRejection returns the error response of a token endpoint (RFC 6749, section
// 5.2).
func oauthRejection(r *enrich.Rejection) []byte {
	body, _ := json.Marshal(map[string]string{"error": "access_denied", "error_description": r.Message})
	return body
}
