package proxy

import (
	"encoding/json"
	"net/http"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// A problem is an error answer of our own (RFC 9457), and the error that leads to
// it. It tells the client nothing of the inside; the log has the cause. None is
// 401, because clients sign their users out on it.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

var (
	problemUnreachable = problem{"urn:tokengraft:backend-unreachable", "Backend unreachable", http.StatusBadGateway, "The authentication backend cannot be reached or broke off its answer."}
	problemTimeout     = problem{"urn:tokengraft:backend-timeout", "Backend timed out", http.StatusGatewayTimeout, "The authentication backend did not answer in time."}
	problemRefused     = problem{"urn:tokengraft:enrichment-failed", "Tokens could not be completed", http.StatusServiceUnavailable, "The tokens were issued, but the user's data could not be added to them."}
	problemRejected    = problem{"urn:tokengraft:rejected", "Sign-in rejected", http.StatusForbidden, "The user's data could not be set up, so no tokens are issued."}
	problemFailing     = problem{"urn:tokengraft:documents-unavailable", "Users' data not available", http.StatusServiceUnavailable, "The users' data cannot be had at the moment; the request was not sent on and can be repeated."}
	problemNoKeys      = problem{"urn:tokengraft:keys-unavailable", "Keys not available yet", http.StatusServiceUnavailable, "The authentication backend's keys have not been had yet."}
	problemHeaders     = problem{"urn:tokengraft:headers-too-large", "Request header fields too large", http.StatusRequestHeaderFieldsTooLarge, "The request's header is larger than limits.headers."}
	problemRequest     = problem{"urn:tokengraft:request-broken", "Request body incomplete", http.StatusBadRequest, "The request's body broke off or took too long."}
	problemHost        = problem{"urn:tokengraft:host-invalid", "Invalid host", http.StatusBadRequest, "The request's host has characters that no host has."}
	problemMethod      = problem{"urn:tokengraft:method-not-allowed", "Method not allowed", http.StatusMethodNotAllowed, "The JWK Set can only be read."}
	problemInternal    = problem{"urn:tokengraft:internal", "Internal error", http.StatusInternalServerError, "The sidecar failed on this request; its log says where."}
)

// Error implements error.
func (p problem) Error() string { return p.Title }

func (p problem) reply() reply {
	body, _ := json.Marshal(p)
	return reply{p.Status, "application/problem+json", body}
}

// rejectionReply tells a client that reads JSON why a hook let no token leave.
// Others, redirected browsers among them, get a problem. The status is 400, as
// RFC 6749, section 5.2, wants it.
func (x *exchange) rejectionReply(res *http.Response, r *enrich.Rejection) reply {
	if !locate.IsJSON(res.Header) {
		return problemRejected.reply()
	}
	format := x.rule.Rejection
	if format == nil {
		format = oauthRejection
	}
	return reply{http.StatusBadRequest, "application/json", format(r)}
}

// oauthRejection is what a token endpoint answers (RFC 6749, section 5.2).
func oauthRejection(r *enrich.Rejection) []byte {
	body, _ := json.Marshal(map[string]string{"error": "access_denied", "error_description": r.Message})
	return body
}
