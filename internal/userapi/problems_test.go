package userapi_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/internal/userapi"
)

func TestProblems_AreForOneUserAndNever401(t *testing.T) {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", "Bearer secret")
	for want, write := range map[string]func(http.ResponseWriter){
		`403 Bearer error="invalid_token"`: func(w http.ResponseWriter) { userapi.WriteInvalidToken(w, r) },
		`403 Bearer`:                       func(w http.ResponseWriter) { userapi.WriteInvalidToken(w, httptest.NewRequest("GET", "/", nil)) },
		`503 1`:                            func(w http.ResponseWriter) { userapi.WriteKeysUnavailable(w) },
		`429 2`:                            func(w http.ResponseWriter) { userapi.WriteRateLimited(w, time.Second+1) },
		`429 1`:                            func(w http.ResponseWriter) { userapi.WriteRateLimited(w, 0) },
	} {
		w := httptest.NewRecorder()
		write(w)
		h := w.Header()
		if got := strings.Fields(w.Result().Status)[0] + " " + h.Get("WWW-Authenticate") + h.Get("Retry-After"); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if h.Get("Vary") != "Authorization" || h.Get("Cache-Control") != "no-store" || h.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: header %v, want a problem that no cache keeps", want, h)
		}
		if strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%s: the body has the token", want)
		}
	}
}
