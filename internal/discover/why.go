package discover

import (
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

const credentialText = "it has credentials of a user, and no value of an earlier answer."

// why says why a request is not a login. It names fields, and no values.
func (v verdict) why(s shape) string {
	name := s.show(v.value.name)
	switch {
	case v.kind == bySession && v.from == nil:
		return "It has only a session cookie, " + name + ": the user has signed in before. So the document must be current."
	case v.kind == bySession:
		return "It has only a session cookie, " + name + " of " + v.from.pattern + ": the user has signed in before. So the document must be current."
	case v.kind == reissue:
		return "It has a token of " + v.from.pattern + " and gets another one: the user has signed in before. So the document must be current."
	case v.from == nil:
		return "It is a refresh."
	}
	what := "The value of " + name
	switch {
	case isTokenValue(v.value.value):
		what = "A token"
	case v.value.in == inCookie:
		what = "The cookie " + name
	}
	return "It is a refresh: " + lowerFirst(what) + " that " + v.from.pattern + " had issued came back, and there is a new token."
}

// autoText says what auto makes of a request, and by what.
func autoText(c locate.Classification) string {
	by := map[locate.Why]string{
		locate.WhyGrantType: "grant_type",
		locate.WhyPath:      "the last segment of the path",
		locate.WhyField:     "the name of a field",
		locate.WhyCookie:    "the name of a cookie",
		locate.WhyNoHint:    "nothing in it says refresh",
	}[c.Why]
	switch {
	case c.Cause == enrich.CauseUnknown:
		return "It could be a login or a refresh, so it counts as both: the document is read again."
	case c.Why == locate.WhyNoHint:
		return "It is a login: " + by + "."
	case c.Cause == enrich.CauseRefresh:
		return "Refreshes are recognized by " + by + "."
	}
	return "Logins are recognized by " + by + "."
}

func lowerFirst(text string) string {
	if text == "" || text[0] < 'A' || text[0] > 'Z' {
		return text
	}
	return string(text[0]+'a'-'A') + text[1:]
}
