package console_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/internal/adminapi"
	"github.com/tokengraft/tokengraft/internal/console"
)

var pages = []string{"/", "/rules", "/keys", "/users", "/tokens", "/data", "/data?tab=file", "/freshness", "/sign-in?to=keys"}

func TestPages_AreWellFormedForEveryPeer(t *testing.T) {
	for name, peer := range map[string]adminapi.Peer{"admin": admin, "reader": reader} {
		for _, path := range pages {
			t.Run(name+" "+path, func(t *testing.T) {
				w := send(newFake(time.Now()), peer, path, nil)
				if w.Code != http.StatusOK {
					t.Fatalf("GET %s: got %d %s", path, w.Code, w.Body)
				}
				checkPage(t, w.Body.String())
			})
		}
	}
}

func TestPages_SayWhatTheyMayLoad(t *testing.T) {
	w := send(newFake(time.Now()), admin, "/", nil)
	policy := w.Header().Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"} {
		if !strings.Contains(policy, part) {
			t.Errorf("Content-Security-Policy: got %q, want %q in it", policy, part)
		}
	}
	if got := w.Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control: got %q, want no-store", got)
	}
}

func TestOverview_ShowsModeHealthAndFailures(t *testing.T) {
	page := send(newFake(time.Now()), reader, "/", nil).Body.String()
	for _, text := range []string{"live", "degraded", "MongoDB does not answer", "Check documents.mongodb.uri", ">12 min<", "source_unavailable", "Check the health of the source.", "1\u202f234"} {
		if !strings.Contains(page, text) {
			t.Errorf("the overview does not contain %q", text)
		}
	}
}

func TestSignIn_AsksForTheTokenAndNothingElse(t *testing.T) {
	for _, c := range []struct {
		path            string
		hasToken, wrong bool
		want, action    string
	}{
		{"/keys", true, false, "Admin token", "session"},
		{"/keys", true, true, "This is not the admin token", "session"},
		{"/a/b/c", true, false, "Admin token", "../../session"},
		{"/", false, false, "No admin token is configured", ""},
	} {
		w := httptest.NewRecorder()
		console.SignIn(w, httptest.NewRequest("GET", c.path, nil), c.hasToken, c.wrong)
		checkPage(t, w.Body.String())
		action := ""
		for _, form := range parse(t, w.Body.String()).elements("form") {
			action = form.attribute("action")
		}
		if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), c.want) || action != c.action {
			t.Errorf("%s: got %d, action %q, want 403 with %q and action %q", c.path, w.Code, action, c.want, c.action)
		}
	}
}

func TestAssets_CanBeKept(t *testing.T) {
	page := parse(t, send(newFake(time.Now()), reader, "/", nil).Body.String())
	for _, e := range page.elements("link", "script") {
		link := e.attribute("href") + e.attribute("src")
		w := send(newFake(time.Now()), reader, "/"+link, nil)
		if w.Code != http.StatusOK || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%s: got %d, Cache-Control %q", link, w.Code, w.Header().Get("Cache-Control"))
		}
	}
	if w := send(newFake(time.Now()), reader, "/assets/console.go", nil); w.Code != http.StatusNotFound {
		t.Errorf("an unknown asset: got %d, want 404", w.Code)
	}
}

func TestScript_IsSmall(t *testing.T) {
	w := send(newFake(time.Now()), reader, "/assets/console.js", nil)
	if n := w.Body.Len(); n > 15*1024 {
		t.Errorf("console.js has %d bytes, want at most 15 KiB", n)
	}
}

func TestPages_AreOnlyThoseOfTheParts(t *testing.T) {
	handler := console.New(console.Options{Monitor: newFake(time.Now()), HasToken: func() bool { return true }})
	for _, path := range []string{"/keys", "/users", "/tokens", "/data"} {
		if w := sendTo(handler, admin, path, nil); w.Code != http.StatusNotFound {
			t.Errorf("GET %s: got %d, want 404", path, w.Code)
		}
	}
	if page := sendTo(handler, admin, "/", nil).Body.String(); strings.Contains(page, "Custom data") || !strings.Contains(page, "Freshness") {
		t.Error("the navigation does not have exactly the pages that there are")
	}
}
