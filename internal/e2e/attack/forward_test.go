package attack_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

var (
	injection    = kind{"header injection", "A2"}
	userSpoofing = kind{"spoofed headers about the user", "security.md"}
	allowBypass  = kind{"ways around forward.allow", "security.md"}
)

// forwarding is the configuration with which the backend learns the language of users. Only
// Anna may use /admin.
const forwarding = `claim: {max_token_size: 16KiB}
forward:
  - match: /
    headers: {X-User-Language: "%%user.custom_data.language", X-User-Id: "%%user.id"}
  - match: POST /admin
    headers: {X-User-Id: "%%user.id"}
    allow: {"%%user.custom_data.mark": "hush of anna"}
`

// An injectionRow is what a user wrote into their document, as JSON, and the header that
// the backend gets, or "" for none.
type injectionRow struct{ sends, value, header string }

var injectionRows = []injectionRow{
	{"CR LF and a header", `"en\r\nX-Evil: 1"`, "en%0D%0AX-Evil: 1"},
	{"LF and a request", `"en\n\nGET /evil HTTP/1.1\n"`, "en%0A%0AGET /evil HTTP/1.1%0A"},
	{"%0d%0a", `"en%0d%0aX-Evil: 1"`, "en%250d%250aX-Evil: 1"},
	{"line separators of Unicode", `"en\u2028\u2029\u0085X-Evil: 1"`, "en%E2%80%A8%E2%80%A9%C2%85X-Evil: 1"},
	{"what Latin-1 makes CR LF", `"en\u010d\u010aX-Evil: 1"`, "en%C4%8D%C4%8AX-Evil: 1"},
	{"NUL and DEL", `"en\u0000\u007f"`, "en%00%7F"},
	{"an object with CR LF", `{"a\r\n":"\r\nX-Evil: 1"}`, `{"a\r\n":"\r\nX-Evil: 1"}`},
	{"a text of 5,000 bytes", `"` + strings.Repeat("x", 5000) + `"`, ""},
	{"2,000 line breaks", `"` + strings.Repeat(`\n`, 2000) + `"`, ""},
	{"null", `null`, ""},
}

// spoofedCopies are header lines with which a client says who it is.
var spoofedCopies = []string{
	"X-User-Id: evil", "x-user-id: evil", "X-USER-ID: evil", "X_User_Id: evil", "X-User_Id: evil", "X.User.Id: evil",
	"X-User-Id: evil\nX-User-Id: evil", "X-User-Id: evil\nConnection: X-User-Id", "X-User-Language: evil", "x_user_language: evil\nConnection: x_user_language",
}

// allowRows are requests as Mallory to what only Anna may do: line and header lines.
var allowRows = []string{
	"POST /admin", "POST /admin?a=/../b", "POST //admin", "POST /x/../admin", "POST /%61dmin", "POST /ADMIN", "POST /admin/", "POST /admin;a=b",
	"POST /admin%00", "POST /admin%20", "POST /%2561dmin", "POST /x%2f..%2fadmin", "POST \\admin", "POST /\uff41dmin", "POST http://h/admin",
	"post /admin", "GET /admin?_method=POST", "GET /admin\nX-HTTP-Method-Override: POST", "PUT /admin\nX_HTTP_Method: POST",
	"POST /other\nX-Original-URL: /admin", "POST /other\nX-Rewrite-URL: /ADMIN",
	"POST /admin\nConnection: Authorization", "POST /admin\nX-User-Id: hush-anna",
}

// attackForwarding checks that the backend gets about a user only what their token says.
func (s *suite) attackForwarding(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "ES256")
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		r.ReadBody()
		switch {
		case strings.HasPrefix(r.Line, "GET /jwks.json"):
			r.SendJSON(string(issuer.JWKS()))
		case strings.HasPrefix(r.Line, "POST /login"):
			r.SendJSON(r.Body)
		default:
			r.SendJSON("{}")
		}
	})
	documents := []string{annas, mallorys}
	for i, row := range injectionRows {
		documents = append(documents, fmt.Sprintf(`{"id":"hush-%d","language":%s}`, i, row.value))
	}
	tg := s.start(t, usual(backend.URL.String())+forwarding, "["+strings.Join(documents, ",")+"]")
	login := func(t *testing.T, user string) string {
		return "Authorization: Bearer " + tg.issue(t, issuer.Token(claimsOf(quoted(user), "")))
	}
	f := forwardAttack{tg, backend}
	for i, row := range injectionRows {
		s.run(t, injection, row.sends, func(t *testing.T) (happens string) {
			return f.inject(t, login(t, fmt.Sprintf("hush-%d", i)), row)
		})
	}
	for _, line := range spoofedCopies {
		s.run(t, userSpoofing, strings.ReplaceAll(line, "\n", ", "), func(t *testing.T) (happens string) {
			return f.spoof(t, login(t, mallory), line)
		})
	}
	s.run(t, userSpoofing, "two tokens in two lines", func(t *testing.T) (happens string) {
		return f.spoof(t, "", login(t, anna)+"\n"+login(t, mallory))
	})
	for _, row := range allowRows {
		s.run(t, allowBypass, strings.ReplaceAll(row, "\n", ", "), func(t *testing.T) (happens string) {
			return f.bypass(t, login(t, mallory), row)
		})
	}
	s.run(t, allowBypass, "Anna's token, and Mallory's after it", func(t *testing.T) (happens string) {
		return f.bypass(t, login(t, anna), "POST /admin\n"+login(t, mallory))
	})
	if reply := tg.ask(t, http.MethodPost, "/admin", "{}", login(t, anna)); reply.Status != http.StatusOK {
		t.Errorf("Anna at /admin: got %d, want 200", reply.Status)
	}
}

// A forwardAttack sends requests to a target and looks at what its backend gets.
type forwardAttack struct {
	*target
	backend *proxytest.Backend
}

// about returns the header lines about users, and those of an attacker, in the requests
// that send makes the backend get.
func (f forwardAttack) about(send func()) (lines []string) {
	before := len(f.backend.Requests())
	send()
	for _, r := range f.backend.Requests()[before:] {
		for _, line := range r.Header {
			if name, _, _ := strings.Cut(strings.ToLower(line), ":"); strings.Contains(name, "user") && name != "user-agent" || strings.Contains(name, "evil") {
				lines = append(lines, line)
			}
		}
	}
	return lines
}

func (f forwardAttack) inject(t *testing.T, token string, row injectionRow) (happens string) {
	lines := f.about(func() { f.ask(t, http.MethodGet, "/api", "", token) })
	lines = slices.DeleteFunc(lines, func(line string) bool { return strings.HasPrefix(line, "X-User-Id: hush-") })
	want := []string{"X-User-Language: " + row.header}
	if row.header == "" {
		want = nil
	}
	if !slices.Equal(lines, want) {
		t.Errorf("the backend got %.300q, want %q", lines, want)
		return "REACHES THE BACKEND"
	}
	return either(row.header == "", "no header", "one line, percent-encoded")
}

func (f forwardAttack) spoof(t *testing.T, token, sent string) (happens string) {
	for _, path := range []string{"/api", "/other"} {
		lines := f.about(func() {
			f.ask(t, http.MethodGet, path, "", strings.Split(strings.TrimSuffix(sent+"\n"+token, "\n"), "\n")...)
		})
		var want []string
		if token != "" {
			want = []string{"X-User-Id: " + mallory}
		}
		if !slices.Equal(lines, want) {
			t.Errorf("the backend got %q, want %q", lines, want)
			happens = "REACHES THE BACKEND"
		}
	}
	return either(happens == "", "is removed", happens)
}

func (f forwardAttack) bypass(t *testing.T, token, sent string) (happens string) {
	line, lines, _ := strings.Cut(sent, "\n")
	if lines != "" {
		lines = strings.ReplaceAll(lines, "\n", "\r\n") + "\r\n"
	}
	before := len(f.backend.Requests())
	answer := f.send(t, line+" HTTP/1.1\r\nHost: h\r\n"+token+"\r\nConnection: close\r\nContent-Length: 0\r\n"+lines+"\r\n")
	status, _, _ := strings.Cut(strings.TrimPrefix(answer, "HTTP/1.1 "), " ")
	if reached := len(f.backend.Requests()) > before; reached || !oneOf("400|403", status) {
		t.Errorf("%s: got %.100q, and it reached the backend: %t; want 400 or 403 without the backend", sent, answer, reached)
		return "REACHES THE BACKEND"
	}
	return status
}
