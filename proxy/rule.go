package proxy

import (
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// A Rule says which responses carry tokens, where, and what happens when they
// cannot be enriched.
type Rule struct {
	// Pattern is the pattern of its requests, in the syntax of [http.ServeMux]. The
	// segment {provider} is how the user signs in. Required.
	Pattern string
	// Tokens are the locations of tokens in its responses.
	Tokens []locate.Location
	// Refresh says which of its requests are refreshes.
	Refresh Refresh
	// OnFailure is what the client gets when enrichment fails.
	OnFailure enrich.Policy
	// Restore are further locations of enriched tokens in its requests.
	Restore []locate.Location
	// Addresses are the json: locations of the backend's own address in its
	// responses. The proxy replaces it with the address that the client used. Such a
	// rule needs no Tokens.
	Addresses []locate.Location
	// Rejection writes the error that a client gets when a hook refuses its tokens.
	// Nil means the error response of OAuth (RFC 6749, section 5.2).
	Rejection RejectionFormat
	// Deletes says that a request deletes the user of its bearer token, if the
	// backend answers 2xx.
	Deletes bool
	// Mixed says that the rule also matches requests that issue no tokens, such as
	// those for login pages. Then the proxy refuses only responses with tokens.
	Mixed bool

	labels ruleLabels
}

// Refresh is how a rule distinguishes refreshes from logins.
type Refresh int

// The ways to distinguish them.
const (
	RefreshAuto   Refresh = iota // as [locate.Request.IsRefresh] guesses
	RefreshAlways                // all are refreshes
	RefreshNever                 // all are logins
)

// A RejectionFormat returns the JSON object that tells a client why no token was
// issued, in the shape of the backend's own errors. The proxy sends it with status
// 400 to clients that read JSON. Others, such as redirected browsers, get a problem
// document.
type RejectionFormat func(*enrich.Rejection) []byte

func (rule *Rule) isRefresh(request locate.Request) bool {
	switch rule.Refresh {
	case RefreshAlways:
		return true
	case RefreshNever:
		return false
	}
	return request.IsRefresh()
}

// provider returns the path segment at the pattern's {provider}.
func (rule *Rule) provider(path string) string {
	_, pattern, _ := strings.Cut(rule.Pattern, "/")
	i := slices.Index(strings.Split(pattern, "/"), "{provider}")
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	if i < 0 || i >= len(segments) {
		return ""
	}
	return segments[i]
}
