package attack_test

import (
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

// attackWithPaths shows that the backend sees the path that the client typed,
// and which spellings of a rule's path its rule takes. One that a lenient
// backend takes and the rule does not gets the original, whose lack of the claim
// grants nothing (H5).
func attackWithPaths(t *testing.T, s *suite) {
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
	configuration := strings.Replace(usual(backend.URL.String()), "POST /login", "POST /oauth/token", 1)
	v := s.start(t, configuration, "["+annas+"]")
	for _, try := range []struct {
		method, path string
		enriched     bool
	}{
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
	} {
		before := len(backend.Requests())
		answer := v.send(t, try.method+" "+try.path+" HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
		seen := false
		for _, r := range backend.Requests()[before:] {
			seen = seen || r.Line == try.method+" "+try.path+" HTTP/1.1"
		}
		enriched := strings.Contains(answer, "access_token") && !strings.Contains(answer, token)
		happens := map[bool]string{true: "is the rule's", false: "is not the rule's"}[enriched]
		if seen {
			happens += "; the backend sees it as it came"
		}
		s.report(row{"path tricks", try.method + " " + try.path, happens, "B2"})
		if !seen || enriched != try.enriched {
			t.Errorf("%s %s: enriched %t, want %t; the backend saw it: %t", try.method, try.path, enriched, try.enriched, seen)
		}
	}
	attackTheLog(v)
}

// attackTheLog makes requests whose parts are secrets: the suite looks at what
// is logged and traced of them.
func attackTheLog(v *target) {
	token := forge(`{"alg":"none"}`, "{}", bytesOf(""))
	for _, text := range []string{
		token + " /secret-method HTTP/1.1\r\nHost: h\r\n",
		"GET /" + token + "/short HTTP/1.1\r\nHost: h\r\n",
		"GET /a?token=" + token + " HTTP/1.1\r\nHost: h\r\n",
		"GET /a HTTP/1.1\r\nHost: " + token + "\r\n",
		"GET /a%0a%22level%22:%22ERROR%22 HTTP/1.1\r\nHost: h\r\n",
		"GET /a HTTP/1.1\r\nHost: h\r\n" + token + ": x\r\n",
		"GET /a HTTP/1.1\r\nHost: h\r\nTraceparent: " + token + "\r\nTracestate: a=" + token + "\r\nBaggage: user=" + anna + "\r\n",
		"GET /a HTTP/1.1\r\nHost: h\r\nUser-Agent: " + token + "\r\nReferer: http://x/?" + token + "\r\nX-Request-Id: " + token + "\r\n",
		"GET /a HTTP/1.1\r\nHost: h\r\nBroken " + token + "\r\n",
		"GET /a HTTP/1.1 " + token + "\r\nHost: h\r\n",
		"GET " + token + " HTTP/1.1\r\nHost: h\r\n",
		"GET http://" + anna + ":" + token + "@h/a HTTP/1.1\r\nHost: h\r\n",
	} {
		_, _ = v.Public.Send(text + "Connection: close\r\n\r\n") // what comes back does not matter
	}
}
