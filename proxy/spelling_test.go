package proxy_test

import (
	"net/url"
	"path"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

// What happens to a request for a path, with gates at POST /oauth/token and at POST
// /app/{app}/login, and without a gate at POST /Other and at POST /app/{app}/page.
const (
	isGated   = "the gate's"
	isRefused = "refused"
	isOpen    = "not the gate's"
)

var spellingRows = []struct{ path, want string }{
	{"/oauth/token", isGated},
	{"//oauth//token", isGated},
	{"/oauth/./token", isGated},
	{"/x/../oauth/token", isGated},
	{"/oauth/%74oken", isGated},
	{"/app/my/login", isGated},
	{"/app/My/login", isGated},

	{"/oauth/token/", isRefused},
	{"/oauth/token//", isRefused},
	{"/OAuth/Token", isRefused},
	{"/oauth/to\u212aen", isRefused}, // the Kelvin sign
	{"/oauth/ｔoken", isRefused},      // full width
	{"/oauth/token;x", isRefused},
	{"/oauth;a=b/token", isRefused},
	{"/oauth/token;x/../y", isRefused},
	{"/oauth/%2e/token", isRefused},
	{"/x/%2E%2e/oauth/token", isRefused},
	{"/x/..;/oauth/token", isRefused},
	{"/oauth//../token", isRefused}, // RFC 3986 removes the empty segment
	{"/oauth%2Ftoken", isRefused},
	{"/oauth%252ftoken", isRefused},
	{"/oauth/%2574oken", isRefused},
	{"/oauth\\token", isRefused},
	{"/oauth%5ctoken", isRefused},
	{"/OAuth/x%2fy/../token", isRefused},
	{"/oauth/token%00", isRefused},
	{"/oauth/token%00.png", isRefused},
	{"/oauth/token%20", isRefused},
	{"/oauth/token.", isRefused},
	{"/oauth/token%3fa", isRefused},
	{"/oauth/token%23a", isRefused},
	{"/oauth/to%09ken", isRefused},
	{"/oauth/%25u0074oken", isRefused},
	{"/oauth%c0%aftoken", isRefused},
	{"/oauth%e0%80%aftoken", isRefused}, // a slash in three bytes
	{"/oauth%EF%BC%8Ftoken", isRefused}, // full width
	{"/oauth/token\xa0", isRefused},     // a space of Latin-1
	{"/oauth/token\x85", isRefused},
	{"/à/../oauth/token;x", isRefused},
	{"/oauth/token%c2%a0", isRefused},    // a space that does not break
	{"/oauth/to%e2%80%8bken", isRefused}, // a space without width
	{"//host/oauth/token", isRefused},    // new URL of JavaScript takes the host for one
	{"///u:p@host:80/oauth/token", isRefused},
	{"/\\host\\oauth/token", isRefused},
	{"/%2fhost/oauth/token", isRefused},
	{"/app/my/Login", isRefused},
	{"/App/my/login", isRefused},
	{"/app/my/x%2f..%2f/login", isRefused},
	{"/app/my/page/..;/login", isRefused},
	{"/app/x%2f..%2fmy%2flogin/page/..", isRefused},

	{"/oauth/token.json", isOpen}, // the documentation says so
	{"/oauth/tokens", isOpen},
	{"//host/x/oauth/token", isOpen},
	{"/host/oauth/token", isOpen},
	{"/oauth/token/x", isOpen},
	{"/oauth/token/../other", isOpen},
	{"/oauth", isOpen},
	{"/", isOpen},
	{"/Other", isOpen},
	{"/other", isOpen},
	{"/app/my/page", isOpen},
	{"/app/my/Page", isOpen},
	{"/app/login/page", isOpen},
}

// spellingRules have gates.
func spellingRules(t testing.TB) []proxy.Rule {
	return []proxy.Rule{
		gated(rule(t, "POST /oauth/token", "json:access_token")),
		gated(rule(t, "POST /app/{app}/login", "json:access_token")),
		rule(t, "POST /Other", "json:access_token"),
		rule(t, "POST /app/{app}/page", "json:access_token"),
	}
}

// G8: a path that a lenient backend takes for a gate's is refused before the backend is
// asked, and never redirected.
func TestSpelling_OfAGatesPathIsTheGatesOrRefused(t *testing.T) {
	for _, row := range spellingRows {
		f, backend := startResponding(t, answer("HTTP/1.1 200 OK", issued), newFakeEnricher(enrich.OK).use(spellingRules(t)...))
		res, body := f.ask(t, "POST "+row.path+" HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
		got := isOpen
		switch {
		case strings.Contains(body, "urn:tokengraft:not-accepted"):
			got = isGated
		case strings.Contains(body, "urn:tokengraft:path-ambiguous") && res.StatusCode == 400:
			got = isRefused
		}
		if got != row.want {
			t.Errorf("%s: the path is %s, want %s", row.path, got, row.want)
		}
		if asked := len(backend.Requests()); asked != 1 && got != isRefused || asked != 0 && got == isRefused {
			t.Errorf("%s: the path is %s, and the backend got %d requests", row.path, got, asked)
		}
		if logged := strings.Contains(f.log.String(), "another spelling"); logged != (got == isRefused) {
			t.Errorf("%s: the log has the refusal: %t, want %t", row.path, logged, got == isRefused)
		}
	}
}

// A request can have the path in another form than usual.
func TestSpelling_OfOtherTargetsIsRefusedToo(t *testing.T) {
	host := gated(rule(t, "POST login.example.com/", "json:access_token"))
	for _, test := range []struct {
		request string
		want    int
	}{
		{"POST http://h/OAuth/token HTTP/1.1\r\nHost: h\r\n", 400},
		{"POST http://h/oauth/token HTTP/1.1\r\nHost: h\r\n", 503},
		{"POST http://other/oauth/token HTTP/1.1\r\nHost: h\r\n", 503},
		{"POST /oauth/token#x HTTP/1.1\r\nHost: h\r\n", 400},
		{"POST /x HTTP/1.1\r\nHost: h\r\nX-Original-URL: /oauth/token\r\n", 400},
		{"POST /x HTTP/1.1\r\nHost: h\r\nX_Rewrite_URL: http://h/OAuth/token?a\r\n", 400},
		{"POST /x HTTP/1.1\r\nHost: h\r\nX-Original-URL: /x\r\n", 200},
		{"POST /app/my/login HTTP/1.1\r\nHost: h\r\nX-Original-URL: /oauth/token\r\n", 400}, // of another gate
		{"POST /oauth/token HTTP/1.1\r\nHost: h\r\nX-Original-URL: /oauth/token\r\n", 503},
		{"GET /oauth/Token?_method=post HTTP/1.1\r\nHost: h\r\n", 400},
		{"GET /oauth/Token HTTP/1.1\r\nHost: h\r\n", 200},
		{"POST /a HTTP/1.1\r\nHost: login.example.com:80\r\n", 503},
		{"POST /a HTTP/1.1\r\nHost: LOGIN.example.com\r\n", 400},
		{"POST /a HTTP/1.1\r\nHost: login.example.com.\r\n", 400},
		{"CONNECT /oauth/token HTTP/1.1\r\nHost: h\r\nX-HTTP-Method: POST\r\n", 503},
		{"CONNECT //oauth/token HTTP/1.1\r\nHost: h\r\nX-HTTP-Method: POST\r\n", 503},
		{"CONNECT /oauth/token; HTTP/1.1\r\nHost: h\r\nX-HTTP-Method: POST\r\n", 400},
	} {
		f, _ := startResponding(t, answer("HTTP/1.1 200 OK", issued), newFakeEnricher(enrich.OK).use(append(spellingRules(t), host)...))
		if res, _ := f.ask(t, test.request+"Content-Length: 0\r\nConnection: close\r\n\r\n"); res.StatusCode != test.want {
			t.Errorf("%q = %d, want %d", test.request, res.StatusCode, test.want)
		}
	}
}

// Without a gate no path is refused.
func TestSpelling_IsUnchangedWithoutAGate(t *testing.T) {
	for _, row := range spellingRows {
		rules := spellingRules(t)
		for i := range rules {
			rules[i].Gate = false
		}
		f, backend := startResponding(t, answer("HTTP/1.1 200 OK", "x"), newFakeEnricher(enrich.OK).use(rules...))
		f.ask(t, "POST "+row.path+" HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
		if got := backend.Requests(); len(got) != 1 || got[0].Line != "POST "+row.path+" HTTP/1.1" {
			t.Errorf("%s: the backend got %q, want it unchanged", row.path, linesOf(got))
		}
	}
}

// linesOf returns the lines of requests.
func linesOf(requests []*proxytest.Request) (lines []string) {
	for _, r := range requests {
		lines = append(lines, r.Line)
	}
	return lines
}

// Patterns that differ in their case only, in wildcards, or in a slash at the end.
func TestSpelling_OfPatternsThatConflict(t *testing.T) {
	rules, err := proxy.NewRules([]proxy.Rule{
		gated(rule(t, "POST /a/{$}", "body")), rule(t, "POST /A", "body"),
		rule(t, "POST /{x}/b", "body"), gated(rule(t, "POST /c/{x}/", "body")), gated(rule(t, "PUT /{tokens}/d/{rest...}", "body")),
		gated(rule(t, "GET example.com/", "body")), rule(t, "GET /{$}", "body"),
	})
	if err != nil {
		t.Fatal(err)
	}
	for request, want := range map[string]bool{
		"POST /a/": false, "POST /a": false, "POST /A": false, "POST /a;/": true, "POST /x/b": false,
		"POST /c/x/y": false, "POST /C/x/y": true, "POST /C/x": true,
		"PUT /x/D": true, "PUT /x/D/y": true, "PUT /x/e": false,
	} {
		method, target, _ := strings.Cut(request, " ")
		if _, refused := rules.Route(method, target); refused != want {
			t.Errorf("%s: refused %t, want %t", request, refused, want)
		}
	}
	if got := strings.Join(rules.Gates(), ", "); got != "GET example.com/, POST /a/{$}, POST /c/{x}/, PUT /{tokens}/d/{rest...}" {
		t.Errorf("Gates = %s", got)
	}
}

// lenient are backends that take other paths for /oauth/token, each as it is known for. Each gets
// an escaped path and returns the one that it routes.
var lenient = map[string]func(escaped string) string{
	"Express": func(p string) string { // decodes segments after it has split them; ignores case and a slash at the end
		p, _, _ = strings.Cut(p, "#")
		return strings.ToLower(strings.TrimSuffix(decodedEach(p), "/"))
	},
	"Tomcat": func(p string) string { // removes parameters, decodes, normalizes
		var kept []string
		for segment := range strings.SplitSeq(p, "/") {
			segment, _, _ = strings.Cut(segment, ";")
			kept = append(kept, segment)
		}
		p = strings.Join(kept, "/")
		if decoded, err := url.PathUnescape(p); err == nil {
			p = decoded
		}
		return path.Clean("/" + strings.ReplaceAll(p, `\`, "/"))
	},
	"IIS": func(p string) string { // decodes, \ is /, ignores case and dots and spaces at the end
		if decoded, err := url.PathUnescape(p); err == nil {
			p = decoded
		}
		p = path.Clean("/" + strings.ReplaceAll(p, `\`, "/"))
		return strings.ToLower(strings.TrimRight(p, ". "))
	},
	"nginx and PHP": func(p string) string { // decodes, merges, C strings behind it
		if decoded, err := url.PathUnescape(p); err == nil {
			p = decoded
		}
		p, _, _ = strings.Cut(p, "\x00")
		return path.Clean("/" + p)
	},
	"decodes twice": func(p string) string {
		for range 2 {
			if decoded, err := url.PathUnescape(p); err == nil {
				p = decoded
			}
		}
		return path.Clean("/" + p)
	},
	"WHATWG": func(p string) string { // dots in any spelling, also after an empty segment; \ is /
		var kept []string
		for segment := range strings.SplitSeq(strings.ReplaceAll(p, `\`, "/"), "/") {
			switch strings.ReplaceAll(strings.ToLower(segment), "%2e", ".") {
			case ".":
			case "..":
				kept = kept[:max(0, len(kept)-1)]
			default:
				kept = append(kept, segment)
			}
		}
		return "/" + strings.TrimPrefix(strings.Join(kept, "/"), "/")
	},
}

func decodedEach(p string) string {
	segments := strings.Split(p, "/")
	for i, segment := range segments {
		if decoded, err := url.PathUnescape(segment); err == nil {
			segments[i] = strings.ReplaceAll(decoded, "/", "\uffff") // part of the name
		}
	}
	return strings.Join(segments, "/")
}

// G8: no path escapes the gate if one of the backends takes it for the gate's.
func FuzzSpelling_NeverEscapesTheGate(f *testing.F) {
	for _, row := range spellingRows {
		f.Add(row.path)
	}
	rules, err := proxy.NewRules(spellingRules(f))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, target string) {
		u, err := url.ParseRequestURI(target)
		if err != nil || u.Host != "" || !strings.HasPrefix(target, "/") {
			return
		}
		target, _, _ = strings.Cut(target, "?")
		for name, route := range lenient {
			gated, refused := rules.Route("POST", target)
			if route(target) == "/oauth/token" && !gated && !refused {
				t.Errorf("%s takes %q for /oauth/token, and no gate covers it", name, target)
			}
		}
	})
}
