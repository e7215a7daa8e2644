package clientapi_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/tokengraft/tokengraft/internal/appservices/clientapi"
)

// The native SDKs understand only this shape, also if it is the proxy that refuses.
func TestHandler_RefusesForTheProxyAsAppServicesDid(t *testing.T) {
	for _, test := range []struct {
		status       int
		code, result string
	}{
		{400, "BadRequest", "invalid"},
		{431, "BadRequest", "invalid"},
		{500, "InternalServerError", "failed"},
		{503, "InternalServerError", "overloaded"},
	} {
		var counted string
		o := options()
		o.Count = func(_ context.Context, endpoint, result string) { counted += endpoint + " " + result }
		o.CORS = func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Access-Control-Allow-Origin", "*")
			return false
		}
		w := httptest.NewRecorder()
		answered := clientapi.New(o).Refuse(w, httptest.NewRequest(http.MethodPost, "/", nil), test.status, "why")
		checkError(t, w, test.status, test.code, "")
		if !answered || counted != "functions "+test.result || w.Header().Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%d: answered %t, counted %q, header %v; want an answer, %s, and the header for web pages", test.status, answered, counted, w.Header(), test.result)
		}
	}
}

// A preflight that is refused would hide the refusal of the request from the page.
func TestHandler_AnswersPreflightsForTheProxy(t *testing.T) {
	o := options()
	o.CORS = func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(http.StatusNoContent)
		return true
	}
	w := httptest.NewRecorder()
	if answered := clientapi.New(o).Refuse(w, httptest.NewRequest(http.MethodOptions, "/", nil), 503, "why"); !answered || w.Code != 204 || w.Body.Len() != 0 {
		t.Errorf("got %d %q, answered %t; want the answer to the preflight", w.Code, w.Body, answered)
	}
}
