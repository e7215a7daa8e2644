package adminapi_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tokengraft/tokengraft/internal/adminapi"
)

const token = "the-token"

// proxied counts the requests that the proxy of the environment got.
var proxied atomic.Int32

// TestMain sets the proxy before any request, because net/http reads the environment once.
func TestMain(m *testing.M) {
	proxy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { proxied.Add(1) }))
	defer proxy.Close()
	os.Setenv("HTTP_PROXY", proxy.URL)
	m.Run()
}

// serve starts a server that gives one answer.
func serve(t *testing.T, status int, contentType, body string) *adminapi.Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return &adminapi.Client{URL: server.URL, Token: func() string { return token }}
}

func TestClient_SendsWhatTheAPITakes(t *testing.T) {
	var got []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = append(got, fmt.Sprint(r.Method, " ", r.URL.Path, " ", r.Header.Get("Authorization"), " ", r.Header.Get("Content-Type"), " ", string(body)))
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_, _ = io.WriteString(w, `{"base":"b","settings":{"mode":"live"},"version":{"id":"v"},"new_member":1}`)
	}))
	defer server.Close()
	c := &adminapi.Client{URL: server.URL + "/ops/", Token: func() string { return token }}
	text := "a"
	_, err1 := c.Config(t.Context())
	_, err2 := c.Review(t.Context(), adminapi.Draft{Text: &text})
	_, err3 := c.Deploy(t.Context(), adminapi.Draft{Base: "b", Set: []adminapi.Setting{{Path: "shadow"}}})
	_, err4 := c.RollBack(t.Context(), adminapi.Rollback{To: "v"})
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"GET /ops/api/config Bearer the-token  ",
		`POST /ops/api/config/review Bearer the-token application/json {"base":"","text":"a"}`,
		`POST /ops/api/config/deploy Bearer the-token application/json {"base":"b","set":[{"path":"shadow","value":null}]}`,
		`POST /ops/api/config/rollback Bearer the-token application/json {"to":"v"}`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("the server got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if printed := fmt.Sprintf("%v %+v %#v", c, c, *c); strings.Contains(printed, token) {
		t.Errorf("the client prints as %s, want no token", printed)
	}
}

func TestClient_ReturnsTheProblemOfTheServer(t *testing.T) {
	c := serve(t, 409, "application/problem+json", `{"type":"urn:tokengraft:conflict","title":"t","status":409,"detail":"d","diff":"x"}`)
	_, err := c.Deploy(t.Context(), adminapi.Draft{})
	if p, ok := errors.AsType[*adminapi.Problem](err); !ok || p.Type != adminapi.ConflictType || p.Diff != "x" || err.Error() != "d" {
		t.Errorf("Deploy() = %#v, want the problem", err)
	}
	// The listener refuses a peer in this way before the API sees the request.
	c = serve(t, 403, "application/json", `{"status":"forbidden; send admin_token"}`)
	_, err = c.Config(t.Context())
	if p, ok := errors.AsType[*adminapi.Problem](err); !ok || p.Type != adminapi.ForbiddenType || p.Detail != "forbidden; send admin_token" {
		t.Errorf("Config() = %#v, want the problem", err)
	}
}

func TestClient_KnowsThatAServerIsAnother(t *testing.T) {
	for _, test := range []struct {
		status            int
		contentType, body string
	}{
		{200, "text/html", "<html>"},
		{200, "application/json", `{}`},
		{200, "application/json", `[]`},
		{200, "application/json", `{"settings":`},
		{200, "text/plain", `{"settings":{"mode":"live"}}`},
		{403, "text/html", "<html>"},
		{404, "application/json", `{"status":"gone"}`},
		{502, "application/problem+json", `{"type":"urn:tokengraft:backend-unavailable","detail":"x"}`}, // the public listener
		{500, "application/problem+json", `{"type":5}`},
		{204, "", ""},
	} {
		c := serve(t, test.status, test.contentType, test.body)
		_, err := c.Config(t.Context())
		if _, ok := errors.AsType[*adminapi.Problem](err); err == nil || ok || !strings.Contains(err.Error(), fmt.Sprintf("%s/api/config answered %d ", c.URL, test.status)) || !strings.Contains(err.Error(), "Check the address") {
			t.Errorf("Config() of %d %s %s = %v, want an error that names the address", test.status, test.contentType, test.body, err)
		}
	}
}

func TestClient_BoundsTheAnswer(t *testing.T) {
	answer := func(bytes int) string {
		const rest = `{"settings":{"mode":"live"},"text":""}`
		return strings.Replace(rest, `"text":"`, `"text":"`+strings.Repeat("a", bytes-len(rest)), 1)
	}
	if _, err := serve(t, 200, "application/json", answer(4<<20)).Config(t.Context()); err != nil {
		t.Errorf("Config() of 4 MiB = %v, want no error", err)
	}
	if _, err := serve(t, 200, "application/json", answer(4<<20+1)).Config(t.Context()); err == nil || !strings.Contains(err.Error(), "has more than 4194304 bytes") {
		t.Errorf("Config() of more than 4 MiB = %v, want an error", err)
	}
}

// The token is only for the URL: the client follows no redirect, and asks no proxy.
func TestClient_SendsTheTokenNowhereElse(t *testing.T) {
	var others int
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { others++ }))
	defer other.Close()
	redirecting := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	defer redirecting.Close()
	for _, client := range []*http.Client{nil, redirecting.Client()} {
		c := &adminapi.Client{URL: redirecting.URL, Token: func() string { return token }, HTTP: client}
		if _, err := c.Deploy(t.Context(), adminapi.Draft{}); err == nil || !strings.Contains(err.Error(), "to another address, which is not followed") {
			t.Errorf("Deploy() = %v, want an error", err)
		}
	}
	// net/http uses no proxy for loopback addresses, so this is the name of another machine.
	c := &adminapi.Client{URL: "http://sidecar.invalid", Token: func() string { return token }}
	if _, err := c.Config(t.Context()); err == nil {
		t.Error("Config() of a name that does not exist = no error")
	}
	if others > 0 || proxied.Load() > 0 {
		t.Errorf("another server got %d requests and a proxy %d, want none", others, proxied.Load())
	}
}

func TestClient_SaysWhetherARequestWasSent(t *testing.T) {
	gone := serve(t, 200, "", "")
	gone.URL = "http://127.0.0.1:1"
	_, err := gone.Deploy(t.Context(), adminapi.Draft{})
	if e, ok := errors.AsType[*adminapi.UnansweredError](err); !ok || e.Sent || !strings.Contains(err.Error(), "Is the sidecar running?") {
		t.Errorf("Deploy() without a server = %#v, want that nothing was sent", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		cancel()
		<-r.Context().Done()
	}))
	defer slow.Close()
	c := &adminapi.Client{URL: slow.URL}
	_, err = c.Deploy(ctx, adminapi.Draft{})
	if e, ok := errors.AsType[*adminapi.UnansweredError](err); !ok || !e.Sent || !errors.Is(err, context.Canceled) {
		t.Errorf("Deploy() that ends early = %#v, want that it was sent", err)
	}
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
	}))
	defer broken.Close()
	c.URL = broken.URL
	for _, test := range []struct {
		ask  func() error
		sent bool
	}{
		{func() error { _, err := c.Config(t.Context()); return err }, false}, // it changes nothing
		{func() error { _, err := c.RollBack(t.Context(), adminapi.Rollback{}); return err }, true},
	} {
		if e, ok := errors.AsType[*adminapi.UnansweredError](test.ask()); !ok || e.Sent != test.sent || !strings.Contains(e.Error(), "ended early") {
			t.Errorf("an answer that ends early: %#v, want sent %t", e, test.sent)
		}
	}
}
