package admin_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokengraft/tokengraft/internal/admin"
	"github.com/tokengraft/tokengraft/internal/adminapi"
)

// fakeSidecar answers everything, and records what was changed.
type fakeSidecar struct {
	changed []string
	// began and end are not nil in one test: ExplainUser sends to one, and waits for the other.
	began, end chan struct{}
	deploys    time.Duration // how long Deploy takes
}

func (*fakeSidecar) Overview(context.Context) adminapi.Overview {
	return adminapi.Overview{Mode: "live", Failures: []adminapi.Failure{}}
}
func (*fakeSidecar) Rules(context.Context) adminapi.Rules              { return adminapi.Rules{} }
func (*fakeSidecar) Freshness(context.Context) adminapi.Freshness      { return adminapi.Freshness{} }
func (*fakeSidecar) Keys(context.Context) (k adminapi.Keys, err error) { return k, nil }
func (*fakeSidecar) Config(context.Context) (adminapi.Config, error)   { return adminapi.Config{}, nil }
func (f *fakeSidecar) note(what string)                                { f.changed = append(f.changed, what) }
func (f *fakeSidecar) RotateKeys(_ context.Context, _ adminapi.Peer, c adminapi.KeyChange) (k adminapi.KeyChanged, err error) {
	if !c.DryRun {
		f.note("rotate")
	}
	return k, nil
}
func (f *fakeSidecar) PruneKeys(_ context.Context, _ adminapi.Peer, c adminapi.KeyChange) (k adminapi.KeyChanged, err error) {
	if !c.DryRun {
		f.note("prune")
	}
	return k, nil
}
func (f *fakeSidecar) ExplainUser(context.Context, adminapi.Peer, adminapi.UserQuery) (*adminapi.UserExplanation, error) {
	if f.began != nil {
		f.began <- struct{}{}
		<-f.end
	}
	return &adminapi.UserExplanation{}, nil
}
func (f *fakeSidecar) ForgetUser(context.Context, adminapi.Peer, adminapi.UserQuery) (g adminapi.Forgotten, err error) {
	f.note("forget")
	return g, nil
}
func (*fakeSidecar) InspectToken(context.Context, adminapi.Peer, adminapi.InspectRequest) (i adminapi.Inspection, err error) {
	return i, nil
}
func (*fakeSidecar) CheckDraft(context.Context, adminapi.Draft) (c adminapi.Checked, err error) {
	return c, nil
}
func (*fakeSidecar) ReviewDraft(context.Context, adminapi.Draft) (r adminapi.Review, err error) {
	return r, nil
}
func (*fakeSidecar) SampleDraft(context.Context, adminapi.Peer, adminapi.Draft) (s adminapi.Sample, err error) {
	return s, nil
}
func (f *fakeSidecar) Deploy(context.Context, adminapi.Peer, adminapi.Draft) (d adminapi.Deployment, err error) {
	time.Sleep(f.deploys)
	f.note("deploy")
	return d, nil
}
func (f *fakeSidecar) RollBack(context.Context, adminapi.Peer, adminapi.Rollback) (d adminapi.Deployment, err error) {
	f.note("rollback")
	return d, nil
}

const adminToken = "the-admin-token"

// A consoleFixture is an admin listener with a console.
type consoleFixture struct {
	http.Handler
	sidecar *fakeSidecar
	token   string
	offer   admin.Offer
	log     strings.Builder
}

func newConsole() *consoleFixture {
	f := &consoleFixture{sidecar: &fakeSidecar{}, token: adminToken}
	f.Handler = admin.New(admin.Options{
		Token:     func() string { return f.token },
		Metrics:   http.NotFoundHandler(),
		Cache:     &fakeCache{},
		Figures:   func() any { return map[string]int{} },
		Explain:   func(context.Context, admin.ExplainQuery) (any, error) { return nil, nil },
		Readiness: admin.NewReadiness(slog.New(slog.DiscardHandler)),
		Level:     &slog.LevelVar{},
		Monitor:   f.sidecar, Keys: f.sidecar, Users: f.sidecar, Configuration: f.sidecar,
		Offer:  func() admin.Offer { return f.offer },
		Logger: slog.New(slog.NewTextHandler(&f.log, nil)),
	})
	return f
}

// A credential adds to a request what a peer has.
type credential func(*http.Request)

func bearer(token string) credential {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

func cookie(c *http.Cookie) credential {
	return func(r *http.Request) { r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value}) }
}

func header(name, value string) credential {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func (f *consoleFixture) ask(method, target, body, peer string, credentials ...credential) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Host, r.RemoteAddr = "127.0.0.1:9901", peer
	for _, add := range credentials {
		add(r)
	}
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	return w
}

// signIn signs in with the form, and returns the cookie of the session.
func (f *consoleFixture) signIn(t *testing.T, peer string) *http.Cookie {
	t.Helper()
	w := f.ask("POST", "/session", url.Values{"token": {adminToken}}.Encode(), peer, header("Content-Type", "application/x-www-form-urlencoded"))
	if w.Code != http.StatusSeeOther || len(w.Result().Cookies()) != 1 {
		t.Fatalf("the sign-in answers %d with the cookies %v, want 303 with one", w.Code, w.Result().Cookies())
	}
	return w.Result().Cookies()[0]
}

var writes = []struct{ target, body, change string }{
	{"/api/keys/rotate", `{}`, "rotate"},
	{"/api/keys/prune", ``, "prune"},
	{"/api/users/u1/forget", ``, "forget"},
	{"/api/config/deploy", `{"base":"1","set":[]}`, "deploy"},
	{"/api/config/rollback", `{}`, "rollback"},
}

var pages = []string{"/", "/rules", "/keys", "/users", "/tokens", "/data", "/freshness"}

// Who may read and write, for each kind of peer and what it sends.
func TestConsole_AllowsOnlyWhoMay(t *testing.T) {
	html := header("Accept", "text/html")
	for _, test := range []struct {
		name          string
		peer          string
		credentials   func(session *http.Cookie) []credential
		reads, writes bool
	}{
		{"loopback", loopback, nil, true, false},
		{"loopback, through a proxy", loopback, func(*http.Cookie) []credential { return []credential{header("X-Forwarded-For", "192.0.2.7")} }, false, false},
		{"loopback, a page of another site", loopback, func(*http.Cookie) []credential { return []credential{header("Origin", "https://evil.example")} }, false, false},
		{"loopback, an image on another site", loopback, func(*http.Cookie) []credential { return []credential{header("Sec-Fetch-Site", "cross-site")} }, false, false},
		{"loopback, a page of its own", loopback, func(*http.Cookie) []credential {
			return []credential{header("Origin", "http://127.0.0.1:9901"), header("Sec-Fetch-Site", "same-origin")}
		}, true, false},
		{"loopback, another port", loopback, func(*http.Cookie) []credential { return []credential{header("Origin", "http://127.0.0.1:3000")} }, false, false},
		{"another machine", remote, nil, false, false},
		{"a wrong token", remote, func(*http.Cookie) []credential { return []credential{bearer("wrong")} }, false, false},
		{"the token", remote, func(*http.Cookie) []credential { return []credential{bearer(adminToken)} }, true, true},
		{"the token on loopback", loopback, func(*http.Cookie) []credential { return []credential{bearer(adminToken)} }, true, true},
		{"a session", remote, func(c *http.Cookie) []credential { return []credential{cookie(c)} }, true, true},
		{"a session, same origin", remote, func(c *http.Cookie) []credential {
			return []credential{cookie(c), header("Sec-Fetch-Site", "same-origin"), header("Origin", "https://ops.example")}
		}, true, true},
		{"a wrong session", remote, func(*http.Cookie) []credential {
			return []credential{cookie(&http.Cookie{Name: "tokengraft_console", Value: "x"})}
		}, false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newConsole()
			var credentials []credential
			if test.credentials != nil {
				credentials = test.credentials(f.signIn(t, remote))
			}
			for _, page := range pages {
				want := map[bool]int{true: http.StatusOK, false: http.StatusForbidden}[test.reads]
				w := f.ask("GET", page, "", test.peer, append(credentials, html)...)
				if w.Code != want || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
					t.Errorf("GET %s: %d, a %s, want %d and a page", page, w.Code, w.Header().Get("Content-Type"), want)
				}
			}
			if w := f.ask("GET", "/api/overview", "", test.peer, credentials...); (w.Code == http.StatusOK) != test.reads {
				t.Errorf("GET /api/overview: %d, want it to be allowed: %t", w.Code, test.reads)
			}
			for _, write := range writes {
				w := f.ask("POST", write.target, write.body, test.peer, credentials...)
				if (w.Code == http.StatusOK) != test.writes || !test.writes && w.Code != http.StatusForbidden {
					t.Errorf("POST %s: %d %s, want it to be allowed: %t", write.target, w.Code, w.Body, test.writes)
				}
			}
			if changed := len(f.sidecar.changed) > 0; changed != test.writes {
				t.Errorf("changed %q, want changes: %t", f.sidecar.changed, test.writes)
			}
		})
	}
}

// Another site cannot use the session of a person.
func TestSession_IsNotForOtherSites(t *testing.T) {
	for _, foreign := range []credential{header("Sec-Fetch-Site", "cross-site"), header("Sec-Fetch-Site", "same-site"), header("Origin", "https://evil.example"), header("Origin", "null")} {
		f := newConsole()
		session := f.signIn(t, remote)
		for _, write := range writes {
			if w := f.ask("POST", write.target, write.body, remote, cookie(session), foreign); w.Code != http.StatusForbidden {
				t.Errorf("POST %s from another site: %d, want 403", write.target, w.Code)
			}
		}
		f.ask("POST", "/keys", "do=rotate&confirm=yes", remote, cookie(session), foreign, header("Content-Type", "application/x-www-form-urlencoded"))
		if len(f.sidecar.changed) > 0 {
			t.Errorf("another site has changed %q", f.sidecar.changed)
		}
	}
}

func TestSession_CookieIsBoundToTheConsole(t *testing.T) {
	f := newConsole()
	c := f.signIn(t, loopback)
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "" || c.Domain != "" || c.Secure || len(c.Value) < 40 {
		t.Errorf("the cookie is %+v, want HttpOnly, SameSite=Strict, without path and domain, and a long value", c)
	}
	w := f.ask("POST", "/session", "token="+adminToken, remote, header("Content-Type", "application/x-www-form-urlencoded"), header("X-Forwarded-Proto", "https"))
	if c := w.Result().Cookies()[0]; !c.Secure {
		t.Error("over https, the cookie is not Secure")
	}
	if strings.Contains(f.log.String(), adminToken) || strings.Contains(f.log.String(), c.Value) {
		t.Errorf("the log has the token or the id of a session:\n%s", &f.log)
	}
}

func TestSession_Ends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, test := range []struct {
			name string
			do   func(f *consoleFixture, c *http.Cookie)
			ends bool
		}{
			{"while it is used", func(f *consoleFixture, c *http.Cookie) {
				for range 4 {
					time.Sleep(29 * time.Minute)
					f.ask("GET", "/api/keys", "", remote, cookie(c))
				}
			}, false},
			{"after half an hour without use", func(*consoleFixture, *http.Cookie) { time.Sleep(30 * time.Minute) }, true},
			{"after eight hours", func(f *consoleFixture, c *http.Cookie) {
				for range 8 * 4 {
					time.Sleep(15 * time.Minute)
					f.ask("GET", "/api/keys", "", remote, cookie(c))
				}
			}, true},
			{"when the admin token changes", func(f *consoleFixture, _ *http.Cookie) { f.token = "another" }, true},
			{"when there is no admin token any longer", func(f *consoleFixture, _ *http.Cookie) { f.token = "" }, true},
			{"by signing out", func(f *consoleFixture, c *http.Cookie) { f.ask("POST", "/session/end", "", remote, cookie(c)) }, true},
			{"by a hundred others", func(f *consoleFixture, _ *http.Cookie) {
				for range 100 {
					time.Sleep(time.Second)
					f.ask("POST", "/session", "token="+adminToken, remote, header("Content-Type", "application/x-www-form-urlencoded"))
				}
			}, true},
		} {
			f := newConsole()
			c := f.signIn(t, remote)
			test.do(f, c)
			if w := f.ask("GET", "/api/keys", "", remote, cookie(c)); (w.Code == http.StatusForbidden) != test.ends {
				t.Errorf("%s: %d, want the session to end: %t", test.name, w.Code, test.ends)
			}
		}
	})
}

func TestSignIn_RefusesOthersAndStaysOnTheConsole(t *testing.T) {
	form := header("Content-Type", "application/x-www-form-urlencoded")
	f := newConsole()
	for body, want := range map[string]int{"token=wrong": 403, "": 403, "token=": 403, "token=" + strings.Repeat("x", 20_000): 403} {
		w := f.ask("POST", "/session", body, remote, form)
		if w.Code != want || len(w.Result().Cookies()) > 0 || strings.Contains(w.Body.String(), "wrong\"") {
			t.Errorf("POST /session %.20q: %d with cookies %v", body, w.Code, w.Result().Cookies())
		}
	}
	f.token = ""
	if w := f.ask("POST", "/session", "token=", remote, form); w.Code != http.StatusForbidden {
		t.Errorf("without an admin token an empty one is accepted: %d", w.Code)
	}
	f.token = adminToken
	if w := f.ask("POST", "/session", "token="+adminToken, loopback, form, header("Sec-Fetch-Site", "cross-site")); w.Code != http.StatusForbidden {
		t.Errorf("a form of another site signs in: %d", w.Code)
	}
}

func FuzzSignIn_StaysOnTheConsole(f *testing.F) {
	for _, to := range []string{"", "keys", "//evil.example", "https://evil.example", "/\\evil", "../x", "data?x", "javascript:1", "\r\nX: y"} {
		f.Add(to)
	}
	f.Fuzz(func(t *testing.T, to string) {
		c := newConsole()
		w := c.ask("POST", "/session", url.Values{"token": {adminToken}, "to": {to}}.Encode(), remote, header("Content-Type", "application/x-www-form-urlencoded"))
		location := w.Header().Get("Location")
		base, _ := url.Parse("https://ops.example/tokengraft/session")
		there, err := base.Parse(location)
		if w.Code != http.StatusSeeOther || err != nil || there.Host != base.Host || !strings.HasPrefix(there.Path, "/tokengraft/") || strings.Count(there.Path, "/") != 2 {
			t.Errorf("to %q: %d, Location %q leads to %v", to, w.Code, location, there)
		}
	})
}

func TestConsole_CanBeReadOnlyOrOff(t *testing.T) {
	f := newConsole()
	f.offer = admin.Offer{ReadOnly: "The setting console is read-only."}
	for _, write := range writes {
		w := f.ask("POST", write.target, write.body, remote, bearer(adminToken))
		if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "The setting console is read-only.") || !strings.Contains(w.Body.String(), adminapi.ReadOnlyType) {
			t.Errorf("POST %s: %d %s, want 403 with the reason", write.target, w.Code, w.Body)
		}
	}
	if w := f.ask("POST", "/api/keys/rotate", `{"dry_run":true}`, loopback); w.Code != http.StatusOK {
		t.Errorf("a dry run: %d %s, want 200", w.Code, w.Body)
	}
	f.offer = admin.Offer{Off: true}
	for _, path := range append([]string{"/api/overview", "/assets/console.css", "/session"}, pages...) {
		if w := f.ask("GET", path, "", loopback, header("Accept", "text/html")); w.Code != http.StatusNotFound && w.Code != http.StatusMethodNotAllowed {
			t.Errorf("GET %s: %d, want 404", path, w.Code)
		}
	}
	session := newConsole()
	c := session.signIn(t, remote)
	session.offer = admin.Offer{Off: true}
	for name, credentials := range map[string][]credential{"without a session": nil, "with one": {cookie(c)}} {
		w := session.ask("GET", "/", "", remote, append(credentials, header("Accept", "text/html"))...)
		if w.Code != http.StatusForbidden || strings.Contains(w.Body.String(), "<form") {
			t.Errorf("off, another machine %s: %d %s, want 403 without a form", name, w.Code, w.Body)
		}
	}
	if w := f.ask("GET", "/cache", "", loopback); w.Code != http.StatusOK || len(f.sidecar.changed) > 0 {
		t.Errorf("GET /cache: %d, want 200; changed %q", w.Code, f.sidecar.changed)
	}
}

func TestAPI_RefusesWhatItDoesNotKnow(t *testing.T) {
	f := newConsole()
	for _, test := range []struct {
		method, target, body string
		status               int
		want                 string
	}{
		{"GET", "/api/nothing", "", 404, "the listener has nothing at this path"},
		{"GET", "/api/config/deploy", "", 405, "send POST"},
		{"POST", "/api/overview", "", 405, "send GET"},
		{"POST", "/api/keys/rotate", `{"dryrun":true}`, 400, `unknown field`},
		{"POST", "/api/keys/rotate", `{"dry_run":true} {}`, 400, "more after"},
		{"POST", "/api/keys/rotate", `[]`, 400, "not the JSON that is expected"},
		{"POST", "/api/keys/rotate", `{"kids":["` + strings.Repeat("x", 70_000) + `"]}`, 413, "at most 65536 bytes"},
		{"POST", "/api/config/check", `{"base":"` + strings.Repeat("x", 1<<20) + `"}`, 413, "at most 1048576 bytes"},
		{"GET", "/api/users/u1?values=perhaps", "", 400, "true or false"},
	} {
		w := f.ask(test.method, test.target, test.body, remote, bearer(adminToken))
		if w.Code != test.status || !strings.Contains(w.Body.String(), test.want) || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %s: %d %s %s, want %d and %q in a problem", test.method, test.target, w.Code, w.Header().Get("Content-Type"), w.Body, test.status, test.want)
		}
	}
	if len(f.sidecar.changed) > 0 {
		t.Errorf("changed %q", f.sidecar.changed)
	}
}

// The pages and the API share one bound of what asks other servers.
func TestConsole_BoundsWhatRunsAtOnce(t *testing.T) {
	f := newConsole()
	f.sidecar.began, f.sidecar.end = make(chan struct{}), make(chan struct{})
	var running sync.WaitGroup
	for range 2 {
		running.Go(func() { f.ask("GET", "/api/users/u1", "", loopback) })
	}
	<-f.sidecar.began
	<-f.sidecar.began
	form := header("Content-Type", "application/x-www-form-urlencoded")
	for _, one := range []struct{ target, body string }{
		{"/api/tokens/inspect", `{"token":"x"}`},
		{"/api/config/review", `{}`},
		{"/api/config/sample", `{}`},
		{"/users", "do=explain&id=u1"},
	} {
		w := f.ask("POST", one.target, one.body, loopback, form)
		if !strings.Contains(w.Body.String(), "busy with other requests") && !strings.Contains(w.Body.String(), "Busy with other requests") {
			t.Errorf("POST %s while two requests run: %d %.300s, want it to be refused", one.target, w.Code, w.Body)
		}
	}
	close(f.sidecar.end)
	running.Wait()
	f.sidecar.began = nil
	if w := f.ask("GET", "/api/users/u1", "", loopback); w.Code != http.StatusOK {
		t.Errorf("after that: %d, want 200", w.Code)
	}
}

// A deployment may take longer than other answers, and its answer arrives.
func TestDeploy_IsAnsweredHoweverLongItTakes(t *testing.T) {
	f := newConsole()
	f.sidecar.deploys = 300 * time.Millisecond
	server := httptest.NewUnstartedServer(f)
	server.Config.WriteTimeout = 100 * time.Millisecond
	server.Start()
	defer server.Close()
	r, err := http.NewRequest("POST", server.URL+"/api/config/deploy", strings.NewReader(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	bearer(adminToken)(r)
	response, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, err := io.ReadAll(response.Body); response.StatusCode != http.StatusOK || err != nil || len(body) == 0 {
		t.Errorf("%s %s, %v; want the answer", response.Status, body, err)
	}
}

// Refused sign-ins do not fill the log.
func TestSignIn_LogsRefusalsRarely(t *testing.T) {
	f := newConsole()
	for range 50 {
		f.ask("POST", "/session", "token=wrong", remote, header("Content-Type", "application/x-www-form-urlencoded"))
	}
	if n := strings.Count(f.log.String(), "refused"); n != 1 {
		t.Errorf("50 refused sign-ins are %d lines of the log, want 1", n)
	}
}

// Values of documents need the admin token, from loopback too.
func TestAPI_ShowsValuesOnlyWithTheToken(t *testing.T) {
	f := newConsole()
	for _, test := range []struct{ method, target, body string }{
		{"GET", "/api/users/u1?values=true", ""},
		{"POST", "/api/tokens/inspect", `{"token":"x","values":true}`},
	} {
		if w := f.ask(test.method, test.target, test.body, loopback); w.Code != http.StatusForbidden {
			t.Errorf("%s %s from loopback: %d, want 403", test.method, test.target, w.Code)
		}
		if w := f.ask(test.method, test.target, test.body, loopback, bearer(adminToken)); w.Code != http.StatusOK {
			t.Errorf("%s %s with the token: %d, want 200", test.method, test.target, w.Code)
		}
	}
}

func ExampleNew_console() {
	f := newConsole()
	w := f.ask("POST", "/api/keys/rotate", `{}`, loopback)
	body, _ := io.ReadAll(w.Body)
	fmt.Print(w.Code, " ", string(body))
	// Output:
	// 403 {"type":"urn:tokengraft:forbidden","title":"Forbidden","status":403,"detail":"changes require admin_token as a bearer token, or a session of the console, from loopback too"}
}
