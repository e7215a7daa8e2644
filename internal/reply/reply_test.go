package reply_test

import (
	"net/http/httptest"
	"testing"

	"github.com/tokengraft/tokengraft/internal/reply"
)

func TestProblem_IsAResponseThatNoCacheKeeps(t *testing.T) {
	w := httptest.NewRecorder()
	reply.Problem{Type: "urn:a", Title: "A", Status: 403, Detail: "<b>"}.Reply().Write(w)
	const want = `{"type":"urn:a","title":"A","status":403,"detail":"\u003cb\u003e"}`
	h := w.Header()
	if w.Code != 403 || w.Body.String() != want || h.Get("Content-Type") != "application/problem+json" || h.Get("Cache-Control") != "no-store" || h.Get("Content-Length") != "66" {
		t.Errorf("got %d %v %s, want 403 %s", w.Code, h, w.Body, want)
	}
}
