package userapi_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/userapi"
)

const app = "https://app.example.com"

// asked returns what a CORS with these origins answers to a request from an origin.
func asked(method, origin string, origins ...string) (w *httptest.ResponseRecorder, done bool) {
	c := userapi.CORS{Origins: origins, Methods: []string{"GET", "PATCH"}, Headers: []string{"Authorization", "If-Match"}}
	r := httptest.NewRequest(method, "/", nil)
	if origin != "" {
		r.Header.Set("Origin", origin)
	}
	r.Header.Set("Access-Control-Request-Method", "PATCH")
	w = httptest.NewRecorder()
	return w, c.Answer(w, r)
}

func TestCORS_AllowsOnlyTheOrigins(t *testing.T) {
	for _, tt := range []struct {
		origin  string
		origins []string
		want    string
	}{
		{app, []string{"https://a.example.com", app}, app},
		{app, []string{"*"}, "*"},
		{"null", []string{"*"}, "*"},
		{"", []string{"*"}, "*"},
		{"", []string{app}, ""},
		{app, nil, ""},
		{"null", []string{app}, ""},
		{"http://app.example.com", []string{app}, ""},
		{app + ":443", []string{app}, ""},
		{app + ".evil.example", []string{app}, ""},
		{"https://APP.example.com", []string{app}, ""},
		{app + ", " + app, []string{app}, ""},
	} {
		for _, method := range []string{"GET", "OPTIONS"} {
			w, done := asked(method, tt.origin, tt.origins...)
			h := w.Header()
			if got := h.Get("Access-Control-Allow-Origin"); got != tt.want || done != (method == "OPTIONS") {
				t.Errorf("%s from %q with %v: Access-Control-Allow-Origin = %q, done %t; want %q", method, tt.origin, tt.origins, got, done, tt.want)
			}
			exact := len(tt.origins) > 0 && tt.origins[0] != "*"
			if varies := h.Get("Vary") == "Origin"; varies != exact {
				t.Errorf("%s from %q with %v: Vary = %q, want Origin: %t", method, tt.origin, tt.origins, h.Get("Vary"), exact)
			}
			for name := range h {
				if strings.HasPrefix(name, "Access-Control-") && tt.want == "" || name == "Access-Control-Allow-Credentials" {
					t.Errorf("%s from %q with %v: the header has %s, want none", method, tt.origin, tt.origins, name)
				}
			}
		}
	}
}

func TestCORS_AnswersPreflights(t *testing.T) {
	w, done := asked("OPTIONS", app, app)
	h := w.Header()
	if !done || w.Code != 204 || h.Get("Access-Control-Allow-Methods") != "GET, PATCH" || h.Get("Access-Control-Allow-Headers") != "Authorization, If-Match" || h.Get("Access-Control-Max-Age") == "" {
		t.Errorf("got %d %v, want 204 with the methods, headers and their age", w.Code, h)
	}
	if w, _ := asked("OPTIONS", "https://other.example.com", app); w.Code != 204 || w.Header().Get("Allow") != "GET, PATCH, OPTIONS" {
		t.Errorf("from another origin: got %d %v, want 204 with Allow alone", w.Code, w.Header())
	}
	if w, _ := asked("GET", app, app); !strings.Contains(w.Header().Get("Access-Control-Expose-Headers"), "ETag") {
		t.Errorf("the page may read %q, want ETag too", w.Header().Get("Access-Control-Expose-Headers"))
	}
}
