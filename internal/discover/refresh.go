package discover

import (
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// A verdict says what a request that issued tokens was, and by what.
type verdict struct {
	kind  verdictKind
	value field // that came back
	from  *step // the answer that it came from; nil if it is from before the session
}

type verdictKind int

const (
	login     verdictKind = iota
	renewal               // a value of an earlier answer came back, or must have
	bySession             // there is only a session cookie
	reissue               // a token of the session, and credentials: a new password, say
)

// judge says what a step that issued tokens was.
func (s *session) judge(i int) verdict {
	st := &s.steps[i]
	if c := st.Request().Classify(); c.Why == locate.WhyGrantType {
		if c.Cause == enrich.CauseRefresh {
			v := verdict{kind: renewal}
			v.value, v.from = s.cameBack(i)
			return v
		}
		return verdict{kind: login}
	}
	saysRefresh := st.Request().Classify().Cause == enrich.CauseRefresh
	value, from := s.cameBack(i)
	switch {
	case st.hasCredential() && !(saysRefresh && from != nil):
		return s.judgeCredential(i)
	case from != nil:
		return verdict{renewal, value, from}
	case saysRefresh && !st.isTyped():
		return verdict{kind: renewal} // its refresh token is from before the session
	case st.hasScheme():
		return verdict{kind: login}
	}
	if value, from, ok := s.sessionOf(i); ok {
		return verdict{bySession, value, from}
	}
	return verdict{kind: login}
}

// hasScheme reports whether Authorization has credentials of a user or client, and not a
// token.
func (st *step) hasScheme() bool {
	scheme, _, _ := strings.Cut(st.RequestHeader.Get("Authorization"), " ")
	return slices.Contains([]string{"basic", "digest", "negotiate", "ntlm", "apikey"}, strings.ToLower(scheme))
}

// isTyped reports whether the body of a request has only what a person could have typed,
// in more than one field, and whether there is no cookie and no Authorization. Then there is
// no refresh token in it.
func (st *step) isTyped() bool {
	typed := 0
	for _, f := range st.fields {
		switch {
		case f.in == inCookie, f.in == inHeader && f.name == "Authorization", len(f.value) >= minTyped && !strings.Contains(f.value, " "):
			return false
		case f.in == inBody && f.value != "":
			typed++
		}
	}
	return typed > 1
}

// minTyped is how long a text must be so that it was hardly typed.
const minTyped = 20

// judgeCredential is judge for a request with a credential. It is a login, unless it comes
// with a token of this session, as a request that changes a password does.
func (s *session) judgeCredential(i int) verdict {
	value, from := s.cameBack(i)
	if from == nil || value.in == inBody || value.in == inQuery || !isTokenValue(value.value) || isLoginPath(s.steps[i].Path) {
		return verdict{kind: login}
	}
	return verdict{reissue, value, from}
}

// isLoginPath reports whether a path looks like that of a login. Some clients send the old
// token with it.
func isLoginPath(path string) bool {
	letters := strings.ToLower(strings.NewReplacer("-", "", "_", "", "/", " ").Replace(path))
	return slices.ContainsFunc([]string{"login", "signin", "logon", "signon", "signup", "register", "authenticate", "session", "token"}, func(word string) bool { return strings.Contains(letters, word) })
}

// withoutDoubt returns verdicts in which reissue counts as a login, unless all are: then it
// may be that a client sent the old token with a login.
func withoutDoubt(verdicts []verdict) []verdict {
	if !slices.ContainsFunc(verdicts, func(v verdict) bool { return v.kind != reissue }) {
		return verdicts
	}
	for i, v := range verdicts {
		if v.kind == reissue {
			verdicts[i] = verdict{kind: login}
		}
	}
	return verdicts
}

// hasCredential reports whether a request has a field that signs a user in.
func (st *step) hasCredential() bool {
	return slices.ContainsFunc(st.fields, func(f field) bool {
		return (f.in == inBody || f.in == inQuery) && f.value != "" && isCredentialName(f.name) && !isTokenValue(f.value)
	})
}

// isTokenValue reports whether a value is a JWT. A field named secret or code can have one
// that the backend issued.
func isTokenValue(value string) bool {
	_, err := enrich.ParseToken(value)
	return err == nil
}

// minSecret is how long a value must be so that it cannot be guessed.
const minSecret = 12

// cameBack returns the value of an earlier answer with tokens that is in the request of a
// step, and that answer. It returns nil if there is none. A session cookie counts, because
// an answer that set it also issued tokens.
func (s *session) cameBack(i int) (field, *step) {
	for _, f := range s.steps[i].fields {
		if !isSecretField(f) || s.shape.claimed[strings.ToLower(f.value)] {
			continue
		}
		for _, j := range s.delivered[f.value] {
			if j < i && len(s.steps[j].answer) > 0 {
				return f, &s.steps[j]
			}
		}
	}
	return field{}, nil
}

// isSecretField reports whether the value of a field could be a refresh token or a
// session.
func isSecretField(f field) bool {
	return len(f.value) >= minSecret && !isIDName(f.name) && (!isProtocolName(f.name) || isTokenValue(f.value))
}

// noteDelivered remembers the values of an answer that a client could send back for a new
// token. Values that the request has too are the client's own.
func (s *session) noteDelivered(i int) {
	for _, f := range answerFields(s.steps[i].Exchange) {
		if isSecretField(f) && !s.steps[i].asks(f.value) {
			s.delivered[f.value] = append(s.delivered[f.value], i)
		}
	}
}

// asks reports whether a request has a value.
func (st *step) asks(value string) bool {
	return slices.ContainsFunc(st.fields, func(f field) bool { return f.value == value })
}

// sessionOf returns the cookie that could be the session of a request without any other
// credential, and the answer that set it, if it is in the session.
func (s *session) sessionOf(i int) (field, *step, bool) {
	for _, f := range s.steps[i].fields {
		if f.in != inCookie || len(f.value) < minSecret || isProtocolName(f.name) || isHarmlessCookie(f.name) {
			continue
		}
		for _, j := range s.delivered[f.value] {
			if j < i {
				return f, &s.steps[j], true
			}
		}
		return f, nil, true
	}
	return field{}, nil, false
}

// isHarmlessCookie reports whether a cookie measures visits or remembers a choice.
func isHarmlessCookie(name string) bool {
	return hasWord(name, "ga", "gid", "gat", "fbp", "utm", "consent", "lang", "locale", "theme", "cookieconsent", "ajs", "amplitude", "mp", "hjid", "cf", "cfduid", "intercom")
}

// refreshOf says how to distinguish the refreshes of a pattern from its logins.
func (s *session) refreshOf(pattern string, steps []int) Refresh {
	r := Refresh{Pattern: pattern}
	var verdicts []verdict
	var causes []locate.Classification
	for _, i := range steps {
		v := s.judge(i)
		verdicts = append(verdicts, v)
		causes = append(causes, s.steps[i].Request().Classify())
		r.Seen = r.Seen || v.kind == renewal
	}
	r.Setting, r.Why = s.decide(withoutDoubt(verdicts), causes)
	return r
}

// decide returns the setting for verdicts about requests, of which the classification says
// what auto would do.
func (s *session) decide(verdicts []verdict, causes []locate.Classification) (proxy.Refresh, string) {
	var logins, wrongLogins, others, wrongOthers int
	first := verdicts[0]
	for i, v := range verdicts {
		cause := causes[i].Cause
		switch {
		case v.kind == login:
			logins++
			if cause == enrich.CauseRefresh {
				wrongLogins++
			}
		default:
			if others++; others == 1 {
				first = v
			}
			if cause != enrich.CauseRefresh {
				wrongOthers++
			}
		}
	}
	switch {
	case others == 0 && wrongLogins > 0:
		return proxy.RefreshNever, "Without this setting it would count as a refresh, but it is a login: " + credentialText
	case others == 0:
		return proxy.RefreshAuto, autoText(causes[0])
	case wrongOthers == 0:
		return proxy.RefreshAuto, autoText(causes[firstOther(verdicts)])
	case logins > 0:
		return proxy.RefreshAlways, first.why(s.shape) + " Logins at the same path look alike, so they count as refreshes too, and LOGIN triggers do not run."
	}
	return proxy.RefreshAlways, first.why(s.shape)
}

func firstOther(verdicts []verdict) int {
	return slices.IndexFunc(verdicts, func(v verdict) bool { return v.kind != login })
}
