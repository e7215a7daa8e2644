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
	// Pattern is a pattern of [http.ServeMux]. Required.
	Pattern string
	// Tokens are the locations of tokens in its responses.
	Tokens []locate.Location
	// Refresh says which of its requests are refreshes.
	Refresh Refresh
	// OnFailure is what the client gets when enrichment fails.
	OnFailure enrich.Policy
	// Restore are further locations of enriched tokens in its requests.
	Restore []locate.Location
	// Addresses are the json: locations where an answer tells clients the backend's
	// own address. It becomes the address that the client came by. Such a rule
	// needs no Tokens.
	Addresses []locate.Location
	// Rejection is how a client is told that a hook let no token leave. Nil is
	// OAuth's way.
	Rejection RejectionFormat
	// Deletes says that its requests delete the user whose token they bear, if the
	// backend answers 2xx.
	Deletes bool
	// Mixed says that it also matches requests that issue no tokens, such as those
	// for login pages. Then only answers with tokens can be refused.
	Mixed bool

	labels ruleLabels
}

// Refresh is how a rule knows its refreshes from its logins.
type Refresh int

// The ways to know.
const (
	RefreshAuto   Refresh = iota // by the form, JSON body, cookies and path
	RefreshAlways                // all are refreshes
	RefreshNever                 // all are logins
)

// A RejectionFormat writes the JSON object that tells a client why no token was
// issued, in the backend's own shape so that its clients can read it. The
// proxy sends it with status 400 to clients that read JSON; others, redirected
// browsers among them, get a problem.
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

// provider is the path segment in the place of the pattern's {provider}: how the
// user signs in.
func (rule *Rule) provider(path string) string {
	_, pattern, _ := strings.Cut(rule.Pattern, "/")
	i := slices.Index(strings.Split(pattern, "/"), "{provider}")
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	if i < 0 || i >= len(segments) {
		return ""
	}
	return segments[i]
}
