package admin_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/tokengraft/tokengraft/internal/admin"
)

// explaining returns an admin listener with this function.
func explaining(token string, explain func(context.Context, admin.ExplainQuery) (any, error)) fixture {
	f := fixture{cache: &fakeCache{}, level: &slog.LevelVar{}}
	f.Handler = admin.New(admin.Options{
		Token:     func() string { return token },
		Metrics:   http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "metrics") }),
		Cache:     f.cache,
		Figures:   func() any { return nil },
		Explain:   explain,
		Readiness: admin.NewReadiness(slog.New(slog.DiscardHandler)),
		Level:     f.level,
	})
	return f
}

// Values require the token from every peer: each program of a machine is a loopback peer.
func TestExplain_ShowsValuesOnlyForTheToken(t *testing.T) {
	for _, tt := range []struct {
		target, token, peer, authorization string
		status                             int
		asked                              admin.ExplainQuery
	}{
		{"/explain/u1", "", loopback, "", 200, admin.ExplainQuery{UserID: "u1", Peer: loopback}},
		{"/explain/a%2Fb%20c%25?issuer=me&values=false", "", loopback, "", 200, admin.ExplainQuery{UserID: "a/b c%", Issuer: "me", Peer: loopback}},
		{"/explain/%2E%2E", "", loopback, "", 200, admin.ExplainQuery{UserID: "..", Peer: loopback}},
		{"/explain/u1?values=true", "", loopback, "", 403, admin.ExplainQuery{}},
		{"/explain/u1?values=true", "t0ken", loopback, "", 403, admin.ExplainQuery{}},
		{"/explain/u1?values=true", "t0ken", loopback, "Bearer other", 403, admin.ExplainQuery{}},
		{"/explain/u1?values=true", "", loopback, "Bearer ", 403, admin.ExplainQuery{}},
		{"/explain/u1?values=true", "t0ken", loopback, "Bearer t0ken", 200, admin.ExplainQuery{UserID: "u1", Values: true, Peer: loopback}},
		{"/explain/u1?values=1", "t0ken", remote, "Bearer t0ken", 200, admin.ExplainQuery{UserID: "u1", Values: true, Peer: remote}},
		{"/explain/u1?values=yes", "t0ken", loopback, "Bearer t0ken", 400, admin.ExplainQuery{}},
		{"/explain/u1", "t0ken", remote, "", 403, admin.ExplainQuery{}},
		{"/explain/", "", loopback, "", 404, admin.ExplainQuery{}},
	} {
		var asked admin.ExplainQuery
		f := explaining(tt.token, func(_ context.Context, q admin.ExplainQuery) (any, error) {
			asked = q
			return map[string]bool{"found": true}, nil
		})
		w := f.ask("GET", tt.target, "", tt.peer, tt.authorization)
		if w.Code != tt.status || asked != tt.asked || w.Code == 200 && w.Body.String() != "{\"found\":true}\n" {
			t.Errorf("GET %s from %s with %q: %d %s, asked %+v; want %d, %+v", tt.target, tt.peer, tt.authorization, w.Code, w.Body, asked, tt.status, tt.asked)
		}
	}
}

func TestExplain_SaysThatTheSourceFails(t *testing.T) {
	f := explaining("", func(context.Context, admin.ExplainQuery) (any, error) { return nil, errors.New("no answer") })
	if w := f.ask("GET", "/explain/u1", "", loopback, ""); w.Code != 503 || !strings.Contains(w.Body.String(), "no answer") {
		t.Errorf("GET /explain/u1 while the source fails: %d %s, want 503 and the error", w.Code, w.Body)
	}
}

func TestExplain_SaysThatTheQueryLacksSomething(t *testing.T) {
	f := explaining("", func(context.Context, admin.ExplainQuery) (any, error) {
		return nil, &admin.QueryError{Text: "name the issuer"}
	})
	if w := f.ask("GET", "/explain/u1", "", loopback, ""); w.Code != 400 || !strings.Contains(w.Body.String(), "name the issuer") {
		t.Errorf("GET /explain/u1 without what it needs: %d %s, want 400 and the error", w.Code, w.Body)
	}
}

// A page of any site can load a script or an image from this machine. It cannot read them,
// but it must not make the sidecar work either.
func TestExplain_IsNotForPagesOfOtherSites(t *testing.T) {
	for site, want := range map[string]int{"": 200, "none": 200, "same-origin": 200, "cross-site": 403, "same-site": 403} {
		explained := false
		f := explaining("", func(context.Context, admin.ExplainQuery) (any, error) { explained = true; return nil, nil })
		r := httptest.NewRequest("GET", "/explain/u1", nil)
		r.RemoteAddr, r.Host = loopback, "127.0.0.1:9901"
		r.Header.Set("Sec-Fetch-Site", site)
		w := httptest.NewRecorder()
		f.ServeHTTP(w, r)
		if w.Code != want || explained != (want == 200) {
			t.Errorf("GET /explain/u1 with Sec-Fetch-Site %q: status %d, explained %v; want %d", site, w.Code, explained, want)
		}
	}
}

func TestExplain_BoundsHowManyUsersAreExplainedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		end := make(chan struct{})
		f := explaining("", func(context.Context, admin.ExplainQuery) (any, error) { <-end; return nil, nil })
		answers := make(chan *httptest.ResponseRecorder, 5)
		for range 5 {
			go func() { answers <- f.ask("GET", "/explain/u1", "", loopback, "") }()
		}
		synctest.Wait()
		if n := len(answers); n != 3 {
			t.Errorf("%d of 5 requests are refused at once, want 3", n)
		}
		close(end)
		codes := map[int]int{}
		for range 5 {
			codes[(<-answers).Code]++
		}
		if codes[200] != 2 || codes[503] != 3 {
			t.Errorf("the statuses of 5 requests at once are %v, want 2 of 200 and 3 of 503", codes)
		}
	})
}

func TestExplain_SendsNoControlCharacters(t *testing.T) {
	f := explaining("", func(context.Context, admin.ExplainQuery) (any, error) { return "a\u009bb\x7fc\U000e0041ü\n", nil })
	if w := f.ask("GET", "/explain/u1", "", loopback, ""); w.Body.String() != `"a\u009bb\u007fc\udb40\udc41ü\n"`+"\n" {
		t.Errorf("GET /explain/u1 = %q, want escapes for what controls a terminal", w.Body)
	}
}
