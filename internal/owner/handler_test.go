package owner_test

import (
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/owner"
	"github.com/tokengraft/tokengraft/internal/userapi"
)

func TestRead_ShowsTheOwnDocumentAsTokensDo(t *testing.T) {
	_, send := start(t, nil)
	w := send("GET", "", "")
	const want = `{"_id":1,"uid":"anna","lang":"en","n":9007199254740991,"since":"1970-01-01T00:00:00.000Z","address":{"city":"Bern"},"tags":["a","b"],"isAdmin":false}`
	h := w.Header()
	if w.Code != 200 || w.Body.String() != want || h.Get("Cache-Control") != "private, no-cache" || h.Get("Vary") != "Authorization" {
		t.Errorf("GET = %d %v %s, want 200 %s", w.Code, h, w.Body, want)
	}
	if again := send("GET", "", "", "If-None-Match: W/"+h.Get("ETag")); again.Code != 304 || again.Body.Len() > 0 || again.Header().Get("ETag") != h.Get("ETag") {
		t.Errorf("GET with If-None-Match = %d %q, want 304 without a body", again.Code, again.Body)
	}
}

func TestRequests_AreOfAVerifiedUser(t *testing.T) {
	tests := []struct {
		name, header string
		status       int
	}{
		{"no token", "Authorization: ", 403},
		{"a bad token", "Authorization: Bearer bad", 403},
		{"keys that cannot be fetched", "Authorization: Bearer nokeys", 503},
		{"a user without a document", "Authorization: Bearer bert", 404},
	}
	for _, method := range []string{"GET", "HEAD", "PATCH", "PUT"} {
		c, send := start(t, nil)
		for _, tt := range tests {
			kind := merge
			if method == "PUT" {
				kind = "application/json"
			}
			w := send(method, kind, `{"lang":"de"}`, tt.header, "Cookie: Authorization=Bearer anna")
			if w.Code != tt.status || w.Code == 403 && w.Header().Get("WWW-Authenticate") == "" {
				t.Errorf("%s with %s = %d %s, want %d", method, tt.name, w.Code, w.Body, tt.status)
			}
		}
		if !strings.Contains(c.text(), `"lang":"en"`) {
			t.Errorf("%s changed the document to %s", method, c.text())
		}
	}
	if _, send := start(t, nil); send("DELETE", "", "").Code != 405 {
		t.Error("DELETE is not 405")
	}
	if _, send := start(t, func(o *owner.Options) { o.Failing = func() bool { return true } }); send("GET", "", "").Code != 503 {
		t.Error("GET while the source fails is not 503")
	}
}

func TestRequests_AreLimitedForEachUser(t *testing.T) {
	_, send := start(t, func(o *owner.Options) { o.Limiter = userapi.NewLimiter(1) })
	for i, want := range []int{200, 429} {
		if w := send("GET", "", ""); w.Code != want || want == 429 && w.Header().Get("Retry-After") == "" {
			t.Errorf("request %d = %d, want %d", i, w.Code, want)
		}
	}
	if w := send("GET", "", "", "Authorization: Bearer bert"); w.Code != 404 {
		t.Errorf("a request of another user = %d, want 404", w.Code)
	}
}
