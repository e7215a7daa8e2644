package proxy

import (
	"net/http"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// A Rule says which responses carry tokens, where, and what happens when they
// cannot be enriched. A rule with Restore alone is for requests only: its responses stream
// to the client as if no rule matched.
type Rule struct {
	// Pattern matches the rule's requests, in the syntax of [http.ServeMux]. If it has
	// a wildcard {provider}, its value says how the user signs in. Required.
	Pattern string
	// Tokens are the locations of tokens in the rule's responses. Empty means that its
	// responses carry no tokens.
	Tokens []locate.Location
	// Refresh says which of the rule's requests are refreshes.
	Refresh Refresh
	// OnFailure is what the client gets when enrichment fails. The zero value is
	// [enrich.Pass].
	OnFailure enrich.Policy
	// Gate says that no token of a response with status 2xx or 3xx leaves unless it was
	// looked at to its end and accepted ([enrich.Outcome.Accepted]). Everything else is
	// 503 (law G8). A path that only a lenient backend takes for one of the rule is 400.
	// A rule for all paths with Tokens in headers only is a gate for its locations alone,
	// because the bodies of all responses, and every other path, would be the gate's.
	Gate bool
	// Restore are more locations of enriched tokens in the rule's requests, in
	// addition to Tokens and the locations of OAuth and OpenID Connect.
	Restore []locate.Location
	// Addresses are json: locations of the backend's own address in the rule's
	// responses. The proxy replaces it with the address that the client used. It does
	// this in JSON responses with status 200, and does not look for Tokens in them.
	Addresses []locate.Location
	// Rejection formats the error that a client gets when a hook rejects its tokens, or
	// when a Gate refuses them. Nil means the error response of OAuth (RFC 6749, section
	// 5.2), and a problem document if a Gate refuses.
	Rejection RejectionFormat
	// Deletes says that a request of the rule deletes the user of its bearer token. It
	// takes effect if the backend answers 2xx.
	Deletes bool
	// UserInfo says that the tokens of the responses are signed userinfo
	// ([enrich.Grant].UserInfo).
	UserInfo bool
	// Mixed says that the rule also matches requests that issue no tokens, such as
	// those for login pages. Then the proxy refuses only responses with tokens. A rule for
	// all paths with Tokens in headers only is always Mixed.
	Mixed bool

	// Elsewhere says that the rule is for the responses that an authorization flow ends in,
	// from any path: redirects with Tokens, and form_post pages with them. Then Pattern is
	// only its name. A rule that matches the request, and that finds tokens or has to read
	// the body, has precedence. There can be one such rule, with Mixed and without Restore.
	Elsewhere bool

	// Group is what the rule comes with, such as "the preset keycloak". Of the rules of a
	// group with Tokens, one has to match a request for all of them to count as used
	// ([Diagnose]). Empty means that the rule counts alone.
	Group string

	// Known says that Tokens are known to be right for the backend, as those of a preset are.
	// A response without a token, such as the one to a sign-up that waits for an e-mail, is
	// [enrich.NotFound] only if something in the shape of a token is at another place.
	Known bool

	restoreAt  []locate.Location // in its requests: those of all rules for every path, Tokens and Restore
	headerGate bool              // set instead of Gate if GatesHeader
	labels     ruleLabels
	missing    *missing
	route      string         // the path of Pattern; "" if Elsewhere
	providers  *http.ServeMux // finds the value of {provider}; nil if Pattern does not have it
}

// GatesHeader reports whether the rule is a gate for its locations alone.
func (rule *Rule) GatesHeader() bool { return rule.Gate && rule.forHeadersAnywhere() }

// forHeadersAnywhere reports whether the rule is for tokens in the headers of responses
// from all paths.
func (rule *Rule) forHeadersAnywhere() bool {
	_, path, _ := strings.Cut(rule.Pattern, "/")
	inBody := func(loc locate.Location) bool { return loc.InBody() }
	return path == "" && len(rule.Tokens) > 0 && !slices.ContainsFunc(rule.Tokens, inBody)
}

// changesResponses reports whether the rule can change responses, or must see them. It
// returns false for nil.
func (rule *Rule) changesResponses() bool {
	return rule != nil && (len(rule.Tokens) > 0 || rule.Gate || len(rule.Addresses) > 0 || rule.Deletes)
}

// Refresh says how a rule distinguishes refreshes from logins. The zero Refresh is
// RefreshAuto.
type Refresh int

// The ways to distinguish them.
const (
	RefreshAuto   Refresh = iota // [locate.Request.Classify] decides
	RefreshAlways                // every request is a refresh
	RefreshNever                 // every request is a login
)

// classify says whether a request of the rule is a login or a refresh.
func (rule *Rule) classify(request locate.Request) locate.Classification {
	switch rule.Refresh {
	case RefreshAlways:
		return locate.Classification{Cause: enrich.CauseRefresh, Why: locate.WhyRule}
	case RefreshNever:
		c := request.Classify() // only for ClientCredentials
		return locate.Classification{Cause: enrich.CauseLogin, Why: locate.WhyRule, ClientCredentials: c.ClientCredentials, Client: c.Client}
	}
	return request.Classify()
}

// A RejectionFormat returns the JSON object that tells a client why no token was
// issued, in the shape of the backend's own errors. The proxy sends it with status 400
// instead of a JSON response. It replaces any other response, such as a redirect, with
// a problem document.
type RejectionFormat func(*enrich.Rejection) []byte
