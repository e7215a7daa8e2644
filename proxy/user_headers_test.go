package proxy_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

// sayingWho returns a Forward that says who the user is: the text after Bearer. It permits
// requests of u1 only if it is restricted.
func sayingWho(pattern string, restricted bool) proxy.Forward {
	return proxy.Forward{Pattern: pattern, Names: []string{"X-User-Id", "X-User-Language"}, Restricted: restricted,
		Headers: func(r *http.Request) (http.Header, error) {
			user, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
			switch {
			case user == "unknown":
				return nil, errors.New("the keys cannot be fetched")
			case restricted && user != "u1":
				return nil, proxy.ErrForbidden
			case user == "":
				return nil, nil
			}
			return http.Header{"X-User-Id": {user}}, nil
		}}
}

func withForwards(forwards ...proxy.Forward) setup {
	return setup{snapshot: func(s *proxy.Snapshot) { s.Forwards = forwards }}
}

// userIDs returns the headers of a request to the backend that it could take for the id of
// the user.
func userIDs(r *proxytest.Request) (found []string) {
	for _, line := range r.Header {
		if name, value, _ := strings.Cut(line, ":"); strings.Contains(strings.ToLower(name), "user") {
			found = append(found, name+":"+value)
		}
	}
	return found
}

func TestForward_BackendGetsOnlyTheHeadersOfTheProxy(t *testing.T) {
	for name, lines := range map[string]string{
		"no copy":           "",
		"the same name":     "X-User-Id: admin\r\n",
		"lower case":        "x-user-id: admin\r\n",
		"underscores":       "X_User_ID: admin\r\n",
		"one underscore":    "X-User_ID: admin\r\n",
		"dots":              "X.User.Id: admin\r\n",
		"two copies":        "X-User-Id: admin\r\nx_user_id: admin\r\n",
		"another name":      "X-User-Language: en\r\n",
		"hop by hop":        "Connection: X-User-Id\r\nX-User-Id: admin\r\n",
		"hop by hop, close": "Connection: close, x-user-id, x_user_id\r\nX_user_id: admin\r\n",
		"an empty one":      "X-User-Id:\r\n",
	} {
		for path, want := range map[string]string{"/api/a": "[X-User-Id: u1]", "/other": "[]"} {
			f, backend := startResponding(t, noContent, withForwards(sayingWho("/api/", false)))
			f.ask(t, "GET "+path+" HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer u1\r\n"+lines+"\r\n")
			if got := fmt.Sprint(userIDs(backend.Requests()[0])); got != want {
				t.Errorf("%s, %s: the backend got %s, want %s", name, path, got, want)
			}
		}
	}
}

// A trailer of the client comes after the header of the proxy.
func TestForward_BackendGetsNoTrailersOfTheClient(t *testing.T) {
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		r.ReadBody()
		r.Send(noContent)
	})
	for _, content := range []string{"text/plain", "application/x-www-form-urlencoded"} { // the second is read before it is forwarded
		before := len(backend.Requests())
		f := start(t, backend.URL, withForwards(sayingWho("/api/", false)))
		f.ask(t, "POST /api/a HTTP/1.1\r\nHost: h\r\nContent-Type: "+content+"\r\nAuthorization: Bearer u1\r\nTransfer-Encoding: chunked\r\nTrailer: X-User-Id, x_user_id, X-Sum\r\n\r\n"+
			chunk("a")+"0\r\nX-User-Id: admin\r\nx_user_id: admin\r\nX-Sum: 1\r\n\r\n")
		got := backend.Requests()[before]
		if ids := fmt.Sprint(userIDs(got)); ids != "[X-User-Id: u1]" {
			t.Errorf("%s: the backend got %s, want X-User-Id: u1 alone", content, ids)
		}
		if text := fmt.Sprint(got.Header, got.Body); strings.Contains(text, "admin") || !strings.Contains(text, "X-Sum") {
			t.Errorf("%s: the backend got %s, want the other trailer only", content, text)
		}
	}
}

func TestForward_RefusesWhatIsNotAllowed(t *testing.T) {
	f, backend := startResponding(t, noContent, withForwards(sayingWho("/admin/", true), sayingWho("POST /api/", false)))
	for _, tt := range []struct {
		path, user  string
		status      int
		problemType string
	}{
		{"/admin/a", "u1", 204, ""},
		{"/admin/a", "u2", 403, "urn:tokengraft:forbidden"},
		{"/admin/a", "", 403, "urn:tokengraft:forbidden"},
		{"/admin/a", "unknown", 503, "urn:tokengraft:keys-unavailable"},
		{"/api/a", "u2", 204, ""},
		{"/api/a", "unknown", 503, "urn:tokengraft:keys-unavailable"},
		{"/b", "unknown", 204, ""},
	} {
		before := len(backend.Requests())
		w := f.dial(t)
		w.send("POST " + tt.path + " HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer " + tt.user + "\r\nContent-Length: 100\r\n\r\n" + strings.Repeat("a", 100))
		res := w.receive("POST")
		if tt.status == 204 {
			if res.StatusCode != 204 {
				t.Errorf("%s as %q: got %s, want 204", tt.path, tt.user, res.Status)
			}
			continue
		}
		expectProblem(t, res.StatusCode, res.Header.Get("Content-Type"), readAll(t, res.Body), tt.status, tt.problemType)
		if len(backend.Requests()) != before || res.Close {
			t.Errorf("%s as %q: the backend got %d requests, and the connection closes: %t; want neither", tt.path, tt.user, len(backend.Requests())-before, res.Close)
		}
		w.Close()
	}
}

// allowBypasses are requests of a user that is not allowed at POST /admin/a and /root/, by
// their status.
var allowBypasses = map[string]int{
	"POST /admin/a":                       403,
	"POST /admin/a?x=1":                   403,
	"POST //admin/a":                      403, // the mux cleans it
	"POST /x/../admin/a":                  403,
	"POST /ADMIN/a":                       400,
	"POST /admin%2Fa":                     400,
	"POST /%61dmin/a":                     403,
	"POST /admin/a/":                      400,
	"POST /admin/a;x=1":                   400,
	"POST /admin/a%00":                    400,
	"POST /admin\\a":                      400,
	"POST /admin/%2561":                   400,
	"POST /a/..;/admin/a":                 400,
	"POST /public/..%2fadmin/a":           400,
	"POST /public/..%2froot/x":            400,
	"POST /public/a":                      204,
	"GET /root/x":                         403,
	"GET /Root/x":                         400,
	"GET /root":                           400,
	"GET /root/public":                    204, // more specific, and not restricted
	"GET /root/PUBLIC":                    403,
	"GET /root/public/..%2fx":             403,
	"GET /admin/a":                        204,
	"GET /admin/a?_method=POST":           403,
	"GET /admin/A?_method=POST":           400,
	"post /admin/a":                       403,
	"GET /admin/a|X-HTTP-Method: POST":    403,
	"GET /b|X-Original-URL: /root/x":      400,
	"GET /b|X-Rewrite-URL: /Root/x":       400,
	"GET /public/a|X-Original-URL: /root": 400,
	"GET /b":                              204,
}

func TestForward_RestrictionsHoldInEverySpelling(t *testing.T) {
	f, backend := startResponding(t, noContent, withForwards(
		sayingWho("POST /admin/a", true), sayingWho("/root/", true), sayingWho("/root/public", false), sayingWho("/public/", false)))
	for request, want := range allowBypasses {
		before := len(backend.Requests())
		line, header, _ := strings.Cut(request, "|")
		if header != "" {
			header += "\r\n"
		}
		res, body := f.ask(t, line+" HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer u2\r\nContent-Length: 0\r\n"+header+"\r\n")
		if reached := len(backend.Requests()) > before; res.StatusCode != want || reached != (want == 204) {
			t.Errorf("%s: got %d %s, and the backend got it: %t; want %d", request, res.StatusCode, body, reached, want)
		}
	}
}

// Two restrictions differ, so one path must not pass for the other's.
func TestForward_OneRestrictionDoesNotReplaceAnother(t *testing.T) {
	everyone := sayingWho("/admin/", false)
	everyone.Restricted = true // and permits all
	f, backend := startResponding(t, noContent, withForwards(everyone, sayingWho("/admin/root", true)))
	for path, want := range map[string]int{"/admin/a": 204, "/admin/root": 403, "/admin/ROOT": 400, "/admin/x%2f..%2froot": 400} {
		if res, _ := f.ask(t, "GET "+path+" HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer u2\r\n\r\n"); res.StatusCode != want {
			t.Errorf("%s: got %s, want %d", path, res.Status, want)
		}
	}
	if n := len(backend.Requests()); n != 1 {
		t.Errorf("the backend got %d requests, want 1", n)
	}
}

// Over HTTP/2 a target can have any bytes.
func TestForward_RestrictionsHoldForRawBytesOverHTTP2(t *testing.T) {
	f, backend := startResponding(t, noContent, withForwards(sayingWho("/root/", true)))
	for _, path := range []string{"/root/x", "/ROOT/x", "/roo\xc1\xb4/x", "/\xef\xbd\x92oot/x", "/a/..\xc0\xafroot/x", "/root\x85/x", "//h/root/x", "/root /x", "http://h/root/x"} {
		if got := f.askHTTP2(t, path); got != "400" && got != "403" && got != "reset" {
			t.Errorf("%q: got %s, want 400, 403 or a reset", path, got)
		}
	}
	if n := len(backend.Requests()); n != 0 {
		t.Errorf("the backend got %d requests, want none", n)
	}
}

func TestForward_UpgradesAndStreamsHaveTheHeaders(t *testing.T) {
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		r.Send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		r.WaitClosed()
	})
	f := start(t, backend.URL, withForwards(sayingWho("GET /ws", false)))
	w := f.dial(t)
	defer w.Close()
	w.send("GET /ws HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer u1\r\nConnection: Upgrade, X-User-Id\r\nUpgrade: websocket\r\nX-User-Id: admin\r\n\r\n")
	if res := w.receive("GET"); res.StatusCode != 101 {
		t.Errorf("got %s, want 101", res.Status)
	}
	if got := fmt.Sprint(userIDs(backend.Requests()[0])); got != "[X-User-Id: u1]" {
		t.Errorf("the backend got %s, want X-User-Id: u1", got)
	}
}

func TestForward_SeesTheTokenOfTheClient(t *testing.T) {
	var seen string
	forward := proxy.Forward{Pattern: "/", Headers: func(r *http.Request) (http.Header, error) {
		seen = r.Header.Get("Authorization")
		return nil, nil
	}}
	f, backend := startResponding(t, noContent, withForwards(forward))
	original := f.token("")
	enriched := f.enriched(t, original)
	f.ask(t, "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer "+enriched+"\r\n\r\n")
	if seen != "Bearer "+enriched {
		t.Errorf("Headers saw %q, want the enriched token", seen)
	}
	if !has(backend.Requests()[0].Get("Authorization"))("Bearer " + original) {
		t.Errorf("the backend got %q, want the original", backend.Requests()[0].Header)
	}
}

func TestForward_IsValidated(t *testing.T) {
	headers := func(*http.Request) (http.Header, error) { return nil, nil }
	for want, forwards := range map[string][]proxy.Forward{
		`"/a": it has no Headers`:                     {{Pattern: "/a"}},
		`the header "Connection" cannot be`:           {{Pattern: "/a", Headers: headers, Names: []string{"Connection"}}},
		`the header "content_length" cannot be`:       {{Pattern: "/a", Headers: headers, Names: []string{"content_length"}}},
		`the header "" cannot be`:                     {{Pattern: "/a", Headers: headers, Names: []string{""}}},
		`Snapshot.Forwards: pattern "/a"`:             {{Pattern: "/a", Headers: headers}, {Pattern: "/a", Headers: headers}},
		`Snapshot.Forwards: parsing "a": at offset 0`: {{Pattern: "a", Headers: headers}},
	} {
		f, _ := startResponding(t, noContent, setup{})
		if err := f.proxy.Use(&proxy.Snapshot{Forwards: forwards}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Use(%+v) = %v, want an error with %q", forwards, err, want)
		}
	}
}
