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
		return "The session cookie " + name + " is all that it has, so it gets tokens for a user who has signed in before. The document must be current here."
	case v.kind == bySession:
		return "The session cookie " + name + " of " + v.from.pattern + " is all that it has, so it gets tokens for a user who has signed in before. The document must be current here."
	case v.kind == reissue:
		return "It has a token that " + v.from.pattern + " had issued, so it gets another one for a user who has signed in before. The document must be current here."
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
		return "auto takes its requests for both a login and a refresh, which is safe: the document is read anew."
	case c.Why == locate.WhyNoHint:
		return "auto takes it for a login: " + by + "."
	case c.Cause == enrich.CauseRefresh:
		return "auto recognizes the refresh by " + by + "."
	}
	return "auto recognizes the login by " + by + "."
}

func lowerFirst(text string) string {
	if text == "" || text[0] < 'A' || text[0] > 'Z' {
		return text
	}
	return string(text[0]+'a'-'A') + text[1:]
}
