package locate

import (
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/enrich"
)

// A Classification says whether a request is a login or a refresh, and why.
type Classification struct {
	Cause enrich.Cause
	Why   Why
	// ClientCredentials means that a client and not a user asks for tokens (RFC 6749,
	// section 4.4).
	ClientCredentials bool
}

// A Why is the reason for a [Classification]: one word of a closed set, so that it can
// be logged. No text of the request is in it.
type Why string

// The reasons.
const (
	WhyRule          Why = "rule"                // the rule decides, without a look at the request
	WhyGrantType     Why = "grant_type"          // the grant_type in the body decides
	WhyPath          Why = "path"                // the last segment of the path says refresh or renew
	WhyField         Why = "field"               // a field of the body says refresh, and no other says something else
	WhyCookie        Why = "cookie"              // a cookie says refresh, and nothing else says something else
	WhyNoHint        Why = "no_hint"             // nothing says refresh
	WhyUnread        Why = "body_unread"         // the body is too large or has a content coding
	WhyType          Why = "content_type"        // the body has no known type, or more than one
	WhyUnclear       Why = "body_unclear"        // parsers could read the body differently
	WhyDoubled       Why = "grant_type_doubled"  // there is more than one grant_type
	WhyOdd           Why = "grant_type_unclear"  // the name or value of grant_type is in an unknown form
	WhyQuery         Why = "query_differs"       // the query says something else than the body
	WhyHint          Why = "hint_not_sufficient" // a field or cookie says refresh, but a client could have added it to a login
	WhyOddPath       Why = "path_unclear"        // backends could route the path differently
	WhyContradiction Why = "contradiction"       // the request looks like a login and like a refresh
)

// Classify decides whether the request, as the backend gets it, is a login or a
// refresh. Requests that are contradictory, doubled, unread or in an unknown form are
// neither, and the caller treats them as both. The body counts. A query, a cookie or a field
// that a client can add to any request never makes a login a refresh, or the reverse.
//
//	the request has                                         it is
//	------------------------------------------------------  -------
//	a body that is not read whole: too large, encoded       unknown
//	a body that is not one clear form, JSON object or
//	multipart form in UTF-8: no type or two, a type with
//	a strange charset, invalid escapes, ";" in a form,
//	broken JSON, over 500 fields                            unknown
//	two grant_type, or one with another spelling, such as
//	grant_type[] or Grant_Type, or inside another object,
//	or whose value is not one plain word                    unknown
//	another grant_type in the query than in the body        unknown
//	grant_type=refresh_token                                refresh
//	... with a password, code or other credential           unknown
//	another grant_type                                      login
//	... with a sign of a refresh                            unknown
//	no grant_type, and in the last segment of the path
//	refresh or renew                                        refresh
//	... with a password, code or other credential           unknown
//	no grant_type, and a field or a cookie with refresh
//	in its name, and besides only fields, cookies and
//	headers that cannot be credentials                      refresh
//	... with anything else                                  unknown
//	none of these                                           login
//
// A client asks, and not a user, if the only grant_type is client_credentials and nothing
// else in the request could sign a user in.
//
// The classification costs one pass over the body. Its memory does not grow with it.
func (r Request) Classify() Classification {
	signs, why := r.bodySigns()
	if why != "" {
		return unknown(why)
	}
	query := querySigns(r.Query)
	c := r.classify(&signs, &query)
	if c.Cause == enrich.CauseUnknown || !query.mentionsGrant() {
		return c
	}
	if query.invalid || query.odd || query.grants > 1 || !plainWord(query.grantType) || !agrees(c, &signs, query.grantType) {
		return unknown(WhyQuery)
	}
	return c
}

func unknown(why Why) Classification { return Classification{Cause: enrich.CauseUnknown, Why: why} }

// agrees reports whether the grant_type of the query says the same as the body.
func agrees(c Classification, body *signs, grantType string) bool {
	if body.grants > 0 {
		return body.grantType == grantType
	}
	return (grantType == refreshGrant) == (c.Cause == enrich.CauseRefresh) && (grantType == refreshGrant || !saysRefresh(grantType))
}

// classify decides without the grant_type of the query.
func (r Request) classify(body, query *signs) Classification {
	switch {
	case body.odd:
		return unknown(WhyOdd)
	case body.grants > 1:
		return unknown(WhyDoubled)
	case body.grants == 1:
		return r.byGrantType(body, query)
	}
	return r.byHints(body, query)
}

const refreshGrant = "refresh_token"

// byGrantType decides by the only grant_type of the body (RFC 6749, section 6).
func (r Request) byGrantType(body, query *signs) Classification {
	switch refresh := body.grantType == refreshGrant; {
	case !plainWord(body.grantType), !refresh && saysRefresh(body.grantType):
		return unknown(WhyOdd)
	case body.polyglot && (refresh || body.grantType == clientGrant):
		return unknown(WhyUnclear)
	case refresh && (body.credential || query.credential):
		return unknown(WhyContradiction)
	case refresh:
		return Classification{Cause: enrich.CauseRefresh, Why: WhyGrantType}
	case body.refresh, query.refresh, r.pathHint() != noHint, r.cookieSigns().refresh:
		return unknown(WhyContradiction)
	}
	return Classification{
		Why:               WhyGrantType,
		ClientCredentials: body.grantType == clientGrant && r.onlyClient(body, query),
	}
}

// onlyClient reports whether nothing in the request could sign a user in at a backend that
// ignores grant_type. A client has its id and secret, or Authorization with the scheme
// Basic.
func (r Request) onlyClient(body, query *signs) bool {
	cookies := r.cookieSigns()
	return !body.credential && !query.credential && !cookies.credential &&
		!body.foreign && !query.foreign && !cookies.foreign && !hasUserHeader(r.Header)
}

const clientGrant = "client_credentials"

// byHints decides without a grant_type.
func (r Request) byHints(body, query *signs) Classification {
	credential := body.credential || query.credential
	switch hint := r.pathHint(); {
	case hint == unclearHint:
		return unknown(WhyOddPath)
	case hint == clearHint && credential:
		return unknown(WhyContradiction)
	case hint == clearHint:
		return Classification{Cause: enrich.CauseRefresh, Why: WhyPath}
	}
	cookies := r.cookieSigns()
	switch {
	case !body.refresh && !cookies.refresh && !query.refresh:
		return Classification{Why: WhyNoHint}
	case credential, body.polyglot:
		return unknown(WhyContradiction)
	case body.other, query.other, query.refresh, query.invalid, cookies.other, cookies.credential, hasCredentialHeader(r.Header):
		return unknown(WhyHint)
	case body.refresh:
		return Classification{Cause: enrich.CauseRefresh, Why: WhyField}
	}
	return Classification{Cause: enrich.CauseRefresh, Why: WhyCookie}
}

// plainWord reports whether every parser reads a grant_type in the same way. It may be a
// URN or a URL (RFC 6749, section 4.5).
func plainWord(text string) bool {
	return text != "" && text != "null" && text != "undefined" && !strings.ContainsFunc(text, func(c rune) bool {
		return notInToken(c) && c != ':' && c != '/'
	})
}

// A hint says whether a path is one of refreshes.
type hint int

const (
	noHint hint = iota
	clearHint
	unclearHint // backends may disagree about what the last segment is
)

// pathHint looks at the last segment of the path, which the backend routes by.
func (r Request) pathHint() hint {
	segment := lastSegment(r.Path)
	says := saysRefresh(segment)
	switch {
	case saysRefresh(lastSegment(readLeniently(r.Path))) != says, says && strings.ContainsAny(segment, `%;\`):
		return unclearHint
	case says:
		return clearHint
	}
	return noHint
}

func lastSegment(path string) string {
	path = strings.TrimRight(path, "/")
	return path[strings.LastIndexByte(path, '/')+1:]
}

// saysRefresh reports whether a segment of a path, or a grant_type, is about refreshes.
func saysRefresh(text string) bool {
	return mentionsRefresh(text) || strings.Contains(strings.ToLower(text), "renew")
}

// readLeniently returns a path as lenient backends read it: decoded, and without
// parameters and dot segments.
func readLeniently(p string) string {
	if !strings.ContainsAny(p, `%;\`) && !strings.Contains(p, "/.") {
		return p // the usual case
	}
	for range maxDecodings {
		decoded, err := url.PathUnescape(p)
		if err != nil {
			break
		}
		p = decoded
	}
	segments := strings.Split(strings.ReplaceAll(p, `\`, "/"), "/")
	for i, segment := range segments {
		segments[i], _, _ = strings.Cut(segment, ";")
	}
	return path.Clean("/" + strings.Join(segments, "/"))
}

// maxDecodings is how often a backend might decode a text.
const maxDecodings = 3

// cookieSigns returns what the names of the cookies say.
func (r Request) cookieSigns() (s signs) {
	for _, text := range r.Header["Cookie"] {
		for pair := range strings.SplitSeq(text, ";") {
			if name := cookieName(pair); name != "" && !isHarmlessCookie(name) {
				s.note(lettersOf(name), true)
			}
		}
	}
	return s
}

// hasCredentialHeader reports whether a header could sign a user in.
func hasCredentialHeader(h http.Header) bool {
	for name := range h {
		if isCredentialHeader(name) {
			return true
		}
	}
	return false
}

func isCredentialHeader(name string) bool {
	letters := lettersOf(name)
	return slices.ContainsFunc(credentialHeaders, func(part string) bool { return strings.Contains(letters, part) }) &&
		!strings.Contains(letters, "csrf") && !strings.Contains(letters, "xsrf") && !mentionsRefresh(letters)
}

// hasUserHeader is hasCredentialHeader, but ignores the header of a client that signs in
// with Basic (RFC 6749, section 2.3.1).
func hasUserHeader(h http.Header) bool {
	for name, lines := range h {
		basic := name == authorization.name && !slices.ContainsFunc(lines, func(line string) bool {
			scheme, _, _ := strings.Cut(line, " ")
			return !strings.EqualFold(scheme, "Basic")
		})
		if !basic && isCredentialHeader(name) {
			return true
		}
	}
	return false
}

var credentialHeaders = []string{"authorization", "apikey", "token", "password", "secret", "otp", "session", "credential", "assertion"}
