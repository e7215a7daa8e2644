package proxy_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/proxy"
)

// accessLog waits for that many lines of the access log and returns all of them.
func (f *fixture) accessLog(t *testing.T, lines int) []map[string]any {
	t.Helper()
	var found []map[string]any
	waitFor(t, "the access log", func() bool {
		found = nil
		for line := range strings.Lines(f.log.String()) {
			var entry map[string]any
			if err := json.Unmarshal([]byte(line), &entry); err == nil && entry["msg"] == "request" {
				found = append(found, entry)
			}
		}
		return len(found) >= lines
	})
	return found
}

func TestAccessLog_HasAFixedSetOfKeys(t *testing.T) {
	f, _ := startResponding(t, twoTokens, setup{rules: logins(t)})
	f.ask(t, "POST /login?code=secret HTTP/1.1\r\nHost: h\r\nCookie: secret\r\nAuthorization: Bearer secret\r\n"+form+"\r\nContent-Length: 15\r\n\r\npassword=secret")
	entry := f.accessLog(t, 1)[0]
	want := []string{"bytes", "level", "method", "msg", "path", "peer", "rule", "seconds", "sign_in", "status", "time", "tokens", "why"}
	if got := slices.Sorted(maps.Keys(entry)); !slices.Equal(got, want) {
		t.Errorf("keys = %q, want %q", got, want)
	}
	for key, value := range map[string]any{"method": "POST", "path": "/login", "status": 200.0, "bytes": 43.0, "rule": "POST /login", "sign_in": "login", "why": "no_hint", "tokens": "opaque"} {
		if entry[key] != value {
			t.Errorf("%s = %v, want %v", key, entry[key], value)
		}
	}
	if log := f.log.String(); strings.Contains(log, "secret") || strings.Contains(log, "a.b.c") {
		t.Errorf("log:\n%s\nwant it without \"secret\" and the token a.b.c", log)
	}
}

// The reasons are fixed words, so a client cannot write into the log.
func TestAccessLog_SaysWhetherARequestIsALogin(t *testing.T) {
	f, _ := startResponding(t, twoTokens, setup{rules: append(logins(t), proxy.Rule{Pattern: "POST /logout", Restore: locations(t, "json:token")})})
	for i, tt := range []struct{ request, signIn, why string }{
		{request("POST", "/login", []string{form}, "grant_type=refresh_token"), "refresh", "grant_type"},
		{request("POST", "/login", []string{form}, "grant_type=a&grant_type=secret"), "unknown", "grant_type_doubled"},
		{request("POST", "/logout", []string{form}, "grant_type=refresh_token"), "", ""},
		{request("POST", "/other", []string{form}, "grant_type=refresh_token"), "", ""},
	} {
		f.ask(t, tt.request)
		if entry := f.accessLog(t, i+1)[i]; entry["sign_in"] != tt.signIn || entry["why"] != tt.why {
			t.Errorf("%q: sign_in=%v why=%v, want %q, %q", tt.request, entry["sign_in"], entry["why"], tt.signIn, tt.why)
		}
	}
	if log := f.log.String(); strings.Contains(log, "secret") {
		t.Errorf("log:\n%s\nwant it without \"secret\"", log)
	}
}

// No log field may have a token or a user id.
func TestAccessLog_HidesTokensAndIDsInPaths(t *testing.T) {
	tests := []struct{ path, want string }{
		{"/", "/"},
		{"/oauth2/v2.0/token", "/oauth2/v2.0/token"},
		{"/.well-known/oauth-authorization-server", "/.well-known/oauth-authorization-server"},
		{"/verify/eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1In0.c2ln", "/verify/[redacted]"},
		{"/verify/eyJhbGciOiJub25lIn0%2EeyJzdWIiOiJ1In0%2Ec2ln/x", "/verify/[redacted]/x"},
		{"/verify/SplxlOBeZQQYbYS6WxSbIA", "/verify/[redacted]"}, // the code of RFC 6749
		{"/reset/kXvQpLmZtRwYbNcD", "/reset/[redacted]"},
		{"/api/v1beta2/OAuth2Callback/getAccessTokenByCode", "/api/v1beta2/OAuth2Callback/getAccessTokenByCode"},
		{"/users/62efedca3587e6e83c0fc675", "/users/[redacted]"},
		{"/users/73ffd264-44b3-4c69-90e8-e7d1dfc035d4/roles", "/users/[redacted]/roles"},
		{"/users/10432", "/users/[redacted]"},
		{"/users/anna%40example.com", "/users/[redacted]"},
	}
	f, _ := startResponding(t, noContent, setup{})
	for i, tt := range tests {
		f.ask(t, "GET "+tt.path+" HTTP/1.1\r\nHost: h\r\n\r\n")
		if got := f.accessLog(t, i+1)[i]["path"]; got != tt.want {
			t.Errorf("path %s was logged as %v, want %s", tt.path, got, tt.want)
		}
	}
}

func TestAccessLog_ShortensLongPaths(t *testing.T) {
	f, _ := startResponding(t, noContent, setup{})
	paths := []struct{ path, want string }{
		{"/" + strings.Repeat("a", 60_000), "/…"},
		{strings.Repeat("/word", 10_000), strings.Repeat("/word", 50) + "/…"},
		{strings.Repeat("/12345", 10_000), strings.Repeat("/[redacted]", 22) + "/…"},
		{"/" + strings.Repeat("w/", 126) + "eyJ", "/" + strings.Repeat("w/", 126) + "…"},
		{"/" + strings.Repeat("%00", 20_000), "/…"},
	}
	for i, test := range paths {
		f.ask(t, "GET "+test.path+" HTTP/1.1\r\nHost: h\r\n\r\n")
		if got := f.accessLog(t, i+1)[i]["path"]; got != test.want {
			t.Errorf("path %.100s: logged %v, want %s", test.path, got, test.want)
		}
	}
}

func TestAccessLog_HasTheStatusOfEveryResponse(t *testing.T) {
	tests := []struct {
		name, text, sent string
		want             float64
	}{
		{"from the backend", "GET / HTTP/1.1\r\nHost: h\r\n\r\n", answer("HTTP/1.1 401 Unauthorized", ""), 401},
		{"with early hints", "GET / HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 103 Early Hints\r\n\r\n" + answer("HTTP/1.1 200 OK", "x"), 200},
		{"HEAD", "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n", answer("HTTP/1.1 200 OK", ""), 200},
		{"of the JWK Set", "HEAD " + jwksPath + " HTTP/1.1\r\nHost: h\r\n\r\n", "", 200},
		{"invalid HTTP", "GET / HTTP/1.1\r\nHost: h\r\n\r\n", "nonsense\r\n\r\n", 502},
	}
	for _, tt := range tests {
		f, _ := startResponding(t, tt.sent, setup{})
		w := f.dial(t)
		w.send(tt.text)
		if got := f.accessLog(t, 1)[0]["status"]; got != tt.want {
			t.Errorf("%s: status = %v, want %v", tt.name, got, tt.want)
		}
	}
}

// A client can send any text as the method, even a token.
func TestAccessLog_HidesUnknownMethods(t *testing.T) {
	f, _ := startResponding(t, noContent, setup{})
	f.ask(t, "eyJhbGciOiJub25lIn0.e30. /eyJhbGciOiJub25lIn0.e30. HTTP/1.1\r\nHost: h\r\n\r\n")
	entry := f.accessLog(t, 1)[0]
	if entry["method"] != "_OTHER" || entry["path"] != "/[redacted]" {
		t.Errorf("logged method %v and path %v, want _OTHER and /[redacted]", entry["method"], entry["path"])
	}
}
