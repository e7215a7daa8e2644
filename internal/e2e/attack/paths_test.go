package attack_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

// A pathRow is a spelling of a path that the rule POST /oauth/token matches or does
// not match.
type pathRow struct {
	method, path string
	enriched     bool
}

var pathTricks = kind{"path spellings", "B2"}

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

// attackWithPaths checks that the backend gets the path as the client sent it, and
// which spellings of its path a rule matches. If a lenient backend accepts a spelling
// that the rule does not match, the client gets the original: a missing claim grants
// nothing (law H5). attackWithPaths also sends the requests with secrets, because this
// backend issues a token for every request.
func (s *suite) attackWithPaths(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "ES256")
	token := issuer.Token(claimsOf(quoted(anna), ""))
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		r.ReadBody()
		if strings.HasPrefix(r.Line, "GET /jwks.json") {
			r.SendJSON(string(issuer.JWKS()))
			return
		}
		r.SendJSON(`{"access_token":"` + token + `"}`) // for every path
	})
	tg := s.start(t, strings.Replace(usual(backend.URL.String()), "POST /login", "POST /oauth/token", 1), "["+annas+"]")
	for _, row := range pathRows {
		line := row.method + " " + row.path
		s.run(t, pathTricks, line, func(t *testing.T) (happens string) {
			before := len(backend.Requests())
			answer := tg.send(t, line+" HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
			enriched := strings.Contains(answer, "access_token") && !strings.Contains(answer, token)
			if enriched != row.enriched {
				t.Errorf("%s: got an enriched token: %t, want %t", line, enriched, row.enriched)
			}
			var arrived []string
			for _, r := range backend.Requests()[before:] {
				arrived = append(arrived, r.Line)
			}
			happens = either(enriched, "the rule matches", "the rule does not match")
			if !slices.Contains(arrived, line+" HTTP/1.1") {
				t.Errorf("%s: the backend got %q, want it unchanged", line, arrived)
				return happens + "; THE BACKEND GETS ANOTHER PATH"
			}
			return happens + "; the backend gets it unchanged"
		})
	}
	for _, row := range secretRows {
		s.run(t, secretRequest, row.sends, func(*testing.T) (happens string) {
			_, _ = tg.Public.Send(row.text + "Connection: close\r\n\r\n") // checkLeaks finds leaks
			return "see the last row"
		})
	}
}
