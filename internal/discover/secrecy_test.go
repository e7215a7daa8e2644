package discover_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/internal/discover"
)

// secrets makes values of a session that the output must not have.
type secrets struct{ all []string }

func (s *secrets) make(what string) string {
	value := fmt.Sprintf("Zq%dx%sKw9vB", len(s.all), strings.ReplaceAll(what, " ", ""))
	s.all = append(s.all, value)
	return value
}

// token returns a token of which every claim of a user is a secret.
func (s *secrets) token(more string) string {
	payload := fmt.Sprintf(`{"iss":"https://auth.example.com","aud":"app","sub":%q,"email":%q,"name":%q,"jti":%q,"https://example.com/tenant":{"plan":%q}%s}`,
		s.make("sub"), s.make("mail")+"@example.com", s.make("name"), s.make("jti"), s.make("plan"), more)
	token := jws(`{"alg":"HS256","kid":"`+s.make("kid")+`"}`, payload, s.make("signature"))
	s.all = append(s.all, strings.Split(token, ".")...)
	return token
}

// secretSession returns a login, a request with its token, a refresh and a logout. Names
// are the given ones, and every value is a secret.
func secretSession(s *secrets, method, path, member, cookie, header, parameter string) []discover.Exchange {
	quoted := func(text string) string { q, _ := json.Marshal(text); return string(q) }
	access, renewed, id, refresh := s.token(""), s.token(""), s.token(`,"nonce":"n"`), s.token(`,"typ":"Refresh"`)
	user, password, opaque, session := s.make("user"), s.make("password"), s.make("opaque"), s.make("session")
	jsonHeader := func(more ...string) http.Header {
		h := http.Header{"Content-Type": {"application/json"}}
		for i := 0; i < len(more); i += 2 {
			h.Add(more[i], more[i+1])
		}
		return h
	}
	body := func(token, more string) []byte {
		return fmt.Appendf(nil, `{%s:%q,"data":{%s:[{"access_token":%q}]},"id_token":%q,"refresh_token":%q,"keep":%q,"profile":{"city":%q}%s}`, quoted(member), token, quoted(member), token, id, refresh, opaque, s.make("city"), more)
	}
	query := url.Values{parameter: {s.make("query")}, "login_hint": {s.make("hint")}}.Encode()
	all := []discover.Exchange{
		{Method: method, Path: path, RawQuery: query, RequestHeader: jsonHeader("Cookie", "theme="+s.make("theme")), HasRequestBody: true,
			RequestBody: fmt.Appendf(nil, `{"username":%q,"password":%q}`, user, password),
			Status:      200, Header: jsonHeader("Set-Cookie", cookie+"="+access+"; Path=/", "Set-Cookie", "sid="+session, header, "Bearer "+access, "Location", "https://x/?"+parameter+"="+access+"#"+parameter+"="+access), Body: body(access, "")},
		{Method: "GET", Path: "/users/" + user, RawQuery: parameter + "=" + access, RequestHeader: jsonHeader(header, access, "Cookie", cookie+"="+access+"; sid="+session), Status: 200, Header: jsonHeader(), Body: body(access, "")},
		{Method: "POST", Path: path + "/x", RequestHeader: jsonHeader("Authorization", "Bearer "+access), HasRequestBody: true,
			RequestBody: fmt.Appendf(nil, `{"keep":%q}`, opaque), Status: 200, Header: jsonHeader(), Body: body(renewed, "")},
		{Method: "POST", Path: "/files/" + renewed + "/logout", RequestHeader: jsonHeader(), HasRequestBody: true, RequestBody: fmt.Appendf(nil, `{%s:%q}`, quoted(member), renewed), Status: 204, Header: http.Header{}},
	}
	for i := range all {
		all[i].At = time.Unix(int64(i), 0)
	}
	return all
}

// The output must not have a value of a session, whatever the names in it are, and it must
// be a configuration.
func FuzzWrite_HasNamesAndNoValues(f *testing.F) {
	f.Add("POST", "/login", "token", "session", "X-Token", "access_token")
	f.Add("PUT", "/a b/%2F{x}/{$}", "a.b\\\"c", "__Host-x", "X-Auth", "t")
	f.Add("GET", "//", "${HOME}", "a", "Authorization", "#: [x]")
	f.Add("POST", "/token/", "\u2028\n- x: y", "refresh", "Refresh-Token", "state")
	f.Add("POST", "/v1/users/4711/token/{id}", "0", "0123456789abcdef0123456789abcdef", "On", "null")
	f.Fuzz(func(t *testing.T, method, path, member, cookie, header, parameter string) {
		if !strings.HasPrefix(path, "/") || strings.ContainsAny(path, "?# \r\n") || strings.ContainsAny(cookie, "=;\" \r\n,") || header == "" || member == "data" {
			t.Skip()
		}
		s := &secrets{}
		exchanges := secretSession(s, method, path, member, cookie, header, parameter)
		r := reportOf(t, exchanges)
		got := written(t, r)
		for _, secret := range s.all {
			if strings.Contains(got, secret) {
				t.Errorf("the configuration has the value %q:\n%s", secret, got)
			}
		}
		if len(r.Analysis.Sites) == 0 {
			return
		}
		if _, err := load(t, got); err != nil {
			t.Errorf("the configuration has faults: %v\n%s", err, got)
		}
	})
}

// Some backends name a member after the user, whom only the login's form tells.
func TestWrite_HasNoNameThatAUserTyped(t *testing.T) {
	for _, typed := range []string{"annasmith", "anna.smith", "correcthorse"} {
		e := discover.Exchange{
			Method: "POST", Path: "/login", RequestHeader: http.Header{"Content-Type": {"application/json"}}, HasRequestBody: true,
			RequestBody: fmt.Appendf(nil, `{"username":%q,"password":%q}`, typed, typed), Status: 200, Header: http.Header{},
		}
		e.Body = fmt.Appendf(nil, `{"token":%q,%q:{"token":%q}}`, watched, typed, watched)
		got := written(t, reportOf(t, []discover.Exchange{e}))
		if strings.Contains(got, strings.Split(typed, ".")[0]) || !strings.Contains(got, "- json:token #") {
			t.Errorf("the configuration of a login as %q is\n%s\nwant json:token, without that name", typed, got)
		}
	}
}

// The same for the errors of a session without tokens, and for the progress.
func TestRun_ErrorsHaveNoValues(t *testing.T) {
	s := &secrets{}
	exchanges := secretSession(s, "POST", "/login", "token", "session", "X-Token", "t")
	for i := range exchanges {
		exchanges[i].Status = 401
	}
	if a := discover.Analyze(exchanges); len(a.Sites) > 0 {
		t.Errorf("answers with status 401 have %d sites, want none", len(a.Sites))
	}
	var out bytes.Buffer
	if err := discover.Write(&out, discover.Report{Backend: backendURL, Notes: []string{exchanges[0].Header.Get("X-Token")}}); err == nil || out.Len() > 0 {
		t.Errorf("Write of a note with a token wrote %q (%v), want an error", out.String(), err)
	}
}
