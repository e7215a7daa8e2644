package discover

import (
	"maps"
	"net/http"
	"strings"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// A session is the exchanges with what was found in them.
type session struct {
	shape shape
	steps []step
	// parsed has every JWT of the answers. A token that cannot be parsed is nil.
	parsed map[string]*enrich.Token
	// bearer is how often a token came back in a header or in a cookie.
	bearer map[string]int
	// delivered are the steps whose answers have a value that a client could send back for
	// a new token, by the value.
	delivered map[string][]int
	// morePlaces says that there are more places with JWTs than were looked at.
	morePlaces bool
}

// A step is one exchange.
type step struct {
	*Exchange
	pattern string
	sent    map[string]bool     // JWTs in the request
	asked   []locate.Occurrence // JWTs in the request, by place
	answer  []locate.Occurrence // JWTs in the answer; none if its status cannot issue tokens
	fields  []field             // of the request
}

// maxTokens limits how many tokens of a session are kept.
const maxTokens = 10_000

func newSession(exchanges []Exchange) *session {
	s := &session{parsed: map[string]*enrich.Token{}, bearer: map[string]int{}, delivered: map[string][]int{}}
	for i := range exchanges {
		e := &exchanges[i]
		if !isMethod(e.Method) {
			continue // no rule could name it
		}
		st := step{Exchange: e, sent: map[string]bool{}, asked: e.Request().Survey(), fields: requestFields(e)}
		e.Request().Tokens(func(token string) { st.sent[strings.Clone(token)] = true })
		if mayIssue(e) {
			st.answer = e.Response().Survey()
		}
		s.note(&st)
		s.steps = append(s.steps, st)
		s.noteDelivered(len(s.steps) - 1)
	}
	all, claimed := personalTexts(s)
	s.shape = shape{all, claimed}
	for i := range s.steps {
		s.steps[i].pattern = s.shape.pattern(s.steps[i].Method, s.steps[i].Path)
	}
	s.mergeProviders()
	return s
}

// note remembers the tokens of a step.
func (s *session) note(st *step) {
	for _, o := range st.answer {
		if _, known := s.parsed[o.Token]; !known && len(s.parsed) < maxTokens {
			token, err := enrich.ParseToken(o.Token)
			if err != nil {
				token = nil
			}
			s.parsed[o.Token] = token
		}
	}
	for _, o := range st.asked {
		if in, _, _ := strings.Cut(o.Location.String(), ":"); in == "header" || in == "cookie" {
			s.bearer[o.Token]++
		}
	}
}

// mayIssue reports whether an answer with this status and method can issue tokens (law
// B2).
func mayIssue(e *Exchange) bool {
	switch {
	case e.Status == http.StatusPartialContent, e.Status == http.StatusNotModified, e.Method == http.MethodHead, e.Method == http.MethodOptions:
		return false
	}
	return e.Status >= 200 && e.Status < 400
}

// issued reports whether the backend issued a token in a step, and the client did not send
// it.
func (st *step) issued(token string) bool { return !st.sent[token] }

// personalTexts returns texts that say who somebody is, in lower case: all of them, and
// those that are in claims of tokens. Users typed the others.
func personalTexts(s *session) (all, claimed map[string]bool) {
	all, claimed = map[string]bool{}, map[string]bool{}
	for _, token := range s.parsed {
		if token != nil {
			addClaimed(claimed, token)
		}
	}
	maps.Copy(all, claimed)
	for i := range s.steps {
		for _, f := range s.steps[i].fields {
			if f.in != inHeader && f.in != inCookie && isCredentialName(f.name) && isPersonalText(f.value) {
				all[strings.ToLower(f.value)] = true
			}
		}
	}
	return all, claimed
}

// addClaimed adds the claims of a token that say who somebody is.
func addClaimed(claimed map[string]bool, token *enrich.Token) {
	for name, value := range token.Claims() {
		if text, ok := claimText(value); ok && !isSharedClaim(name) && isPersonalText(text) {
			claimed[strings.ToLower(text)] = true
		}
	}
}

func isPersonalText(text string) bool { return len(text) >= 2 && len(text) <= 256 }

// isSharedClaim reports whether many users have the same value of a claim.
func isSharedClaim(name string) bool {
	switch name {
	case "iss", "aud", "azp", "client_id", "scope", "scp", "typ", "type", "token_use", "token_type", "tokenType", "acr", "amr", "role", "roles", "provider", "idp", "realm", "iat", "exp", "nbf", "auth_time":
		return true
	}
	return false
}
