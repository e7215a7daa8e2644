package locate

import (
	"net/url"
	"path"
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
	// Client has the id of that client, if it signs in with Basic, in each form in which it
	// can be there. A user can sign in with Basic too, and a backend may ignore grant_type,
	// so the tokens must name the client.
	Client []string
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
	WhyHint          Why = "hint_not_sufficient" // a field, a cookie or a value says refresh, but it could be a login
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
//	... with a password, code or other credential, also
//	in a header                                             unknown
//	another grant_type                                      login
//	... with a sign of a refresh                            unknown
//	no grant_type, and in the last segment of the path
//	refresh or renew                                        refresh
//	... with a password, code or other credential           unknown
//	no grant_type, and a field or a cookie with refresh
//	in its name, and besides only fields, cookies and
//	headers that cannot be credentials                      refresh
//	... with anything else, or at a path of anonymous
//	logins                                                  unknown
//	no grant_type, and a value with refresh or renew in it,
//	such as an action or the text of a GraphQL query, or a
//	header with that in its name                            unknown
//	none of these                                           login
//
// A client asks, and not a user, if the only grant_type is client_credentials and nothing
// else in the request could sign a user in, except Basic.
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
	case refresh && (body.credential || query.credential || hasPasswordHeader(r.Header)):
		return unknown(WhyContradiction)
	case refresh:
		return Classification{Cause: enrich.CauseRefresh, Why: WhyGrantType}
	case body.refresh, query.refresh, body.says, query.says, r.pathHint() != noHint, r.cookieSigns().refresh, headerSaysRefresh(r.Header):
		return unknown(WhyContradiction)
	}
	c := Classification{Why: WhyGrantType}
	if body.grantType == clientGrant && r.onlyClient(body, query) {
		c.Client, c.ClientCredentials = basicClient(r.Header)
	}
	return c
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
		if body.says || query.says || headerSaysRefresh(r.Header) {
			return unknown(WhyHint)
		}
		return Classification{Why: WhyNoHint}
	case credential, body.polyglot:
		return unknown(WhyContradiction)
	case body.other, query.other, query.refresh, query.invalid, cookies.other, cookies.credential, hasCredentialHeader(r.Header), r.needsNoCredential():
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
	segment, lenient := lastSegment(r.Path), readLeniently(r.Path)
	says := saysRefresh(segment)
	switch {
	case lenient != r.Path && saysRefresh(lastSegment(lenient)) != says, says && strings.ContainsAny(segment, `%;\`):
		return unclearHint
	case says:
		return clearHint
	}
	return noHint
}

// needsNoCredential reports whether the path is one of logins without a credential. Only
// the path distinguishes such a login with one more field from a refresh.
func (r Request) needsNoCredential() bool {
	return containsAny(lettersOf(lastSegment(r.Path)), anonymousWords)
}

func lastSegment(path string) string {
	path = strings.TrimRight(path, "/")
	return path[strings.LastIndexByte(path, '/')+1:]
}

// saysRefresh reports whether a segment of a path, or a grant_type, is about refreshes.
func saysRefresh(text string) bool { return saysRefreshIn([]byte(text)) }

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
