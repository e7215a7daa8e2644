package attack_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

// A pathRow is a spelling of a path that has the rule POST /oauth/token, or has
// not.
type pathRow struct {
	method, path string
	enriched     bool
}

var pathTricks = kind{"path tricks", "B2"}

var pathRows = []pathRow{
	{"POST", "/oauth/token", true},
	{"POST", "/oauth/token?a=/../b", true},
	{"POST", "//oauth/token", true},
	{"POST", "/oauth//token", true},
	{"POST", "/oauth/./token", true},
	{"POST", "/x/../oauth/token", true},
	{"POST", "/oauth/%74oken", true},
	{"POST", "/oauth/%2e/token", false},
	{"POST", "/oauth%2Ftoken", false},
	{"POST", "/oauth/token/", false},
	{"POST", "/oauth/token;a=b", false},
	{"POST", "/oauth/token%00", false},
	{"POST", "/oauth/token%20", false},
	{"POST", "/OAuth/Token", false},
	{"POST", "/oauth/token/../other", false},
	{"POST", "/oauth\\token", false},
	{"GET", "/oauth/token", false},
	{"post", "/oauth/token", false},
	{"HEAD", "/oauth/token", false},
}

// attackWithPaths shows that the backend sees the path that the client typed,
// and which spellings of a rule's path its rule takes. A spelling that a lenient
// backend takes and the rule does not gets the original, whose lack of the claim
// grants nothing (H5). It also sends requests with secrets in them: here the
// backend issues a token whatever the request is.
func (s *suite) attackWithPaths(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "ES256")
	token := issuer.Token(claimsOf(quoted(anna), ""))
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		r.ReadBody()
		if strings.HasPrefix(r.Line, "GET /jwks.json") {
			r.SendJSON(string(issuer.JWKS()))
			return
		}
		r.SendJSON(`{"access_token":"` + token + `"}`) // whatever the path
	})
	tg := s.start(t, strings.Replace(usual(backend.URL.String()), "POST /login", "POST /oauth/token", 1), "["+annas+"]")
	for _, row := range pathRows {
		line := row.method + " " + row.path
		s.run(t, pathTricks, line, func(t *testing.T) (happens string) {
			before := len(backend.Requests())
			answer := tg.send(t, line+" HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
			enriched := strings.Contains(answer, "access_token") && !strings.Contains(answer, token)
			if enriched != row.enriched {
				t.Errorf("%s: enriched %t, want %t", line, enriched, row.enriched)
			}
			var arrived []string
			for _, r := range backend.Requests()[before:] {
				arrived = append(arrived, r.Line)
			}
			happens = either(enriched, "is the rule's", "is not the rule's")
			if !slices.Contains(arrived, line+" HTTP/1.1") {
				t.Errorf("%s: the backend got %q, want it as it came", line, arrived)
				return happens
			}
			return happens + "; the backend sees it as it came"
		})
	}
	for _, row := range secretRows {
		s.run(t, secretRequest, row.sends, func(*testing.T) (happens string) {
			_, _ = tg.Public.Send(row.text + "Connection: close\r\n\r\n") // leaks are found at the end
			return "the last row says"
		})
	}
}
