package admin_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/admin"
	"github.com/tokengraft/tokengraft/internal/adminapi"
	"github.com/tokengraft/tokengraft/internal/adminapi/openapi"
	"github.com/tokengraft/tokengraft/internal/adminapi/openapi/openapitest"
)

// describe reads the description from the listener.
func describe(t *testing.T) *openapitest.Description {
	t.Helper()
	w := (&filledSidecar{}).listener(admin.Offer{}).ask("GET", "/api/openapi.json", "", loopback)
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/json" {
		t.Fatalf("GET /api/openapi.json: %d, a %s, want 200 and JSON", w.Code, w.Header().Get("Content-Type"))
	}
	return openapitest.Parse(t, w.Body.Bytes())
}

// requestFor returns a target and a body for an endpoint.
func requestFor(e openapi.Endpoint, full bool) (target, body string) {
	target = strings.ReplaceAll(e.Path, "{user_id}", "anna%2F1")
	if full && len(e.Query) > 0 {
		target += "?issuer=https%3A%2F%2Flegacy.example.com"
		if len(e.Query) > 1 {
			target += "&values=true"
		}
	}
	switch {
	case e.Body != nil && full:
		value := reflect.New(e.Body)
		fill(value.Elem(), full)
		text, _ := json.Marshal(value.Interface())
		return target, string(text)
	case e.TextBody != "":
		return target, "debug"
	}
	return target, ""
}

// Real answers are as the description says, to peers of each kind.
func TestOpenAPI_DescribesTheAnswers(t *testing.T) {
	d := describe(t)
	for _, e := range openapi.Endpoints() {
		for _, full := range []bool{true, false} {
			target, body := requestFor(e, full)
			f := (&filledSidecar{full: full}).listener(admin.Offer{})
			for who, w := range map[openapi.Who]*httptest.ResponseRecorder{
				openapi.Token:    f.ask(e.Method, target, body, remote, bearer(adminToken)),
				openapi.Local:    f.ask(e.Method, target, body, loopback),
				openapi.Everyone: f.ask(e.Method, target, body, remote),
			} {
				if err := d.Answers(e, w); err != nil {
					t.Errorf("%s %s with the body %s by %s: %d %s: %v", e.Method, target, body, who, w.Code, w.Body, err)
				}
				if ready := e.Path != "/readyz" || full; ready && !mayGet(e, who, full, w.Code) {
					t.Errorf("%s %s with the body %s by %s: %d %s, but the table says that this is for: %s", e.Method, target, body, who, w.Code, w.Body, e.Who)
				}
			}
		}
	}
}

// mayGet reports whether a status is what the table says about who may. Full requests ask
// for values, and for a dry run.
func mayGet(e openapi.Endpoint, who openapi.Who, full bool, status int) bool {
	allowed := who == openapi.Token || e.Who == openapi.Everyone
	if who == openapi.Local {
		switch e.Who {
		case openapi.Local, openapi.Changes:
			allowed = true
		case openapi.DryRun:
			allowed = full
		case openapi.Values:
			allowed = !full
		}
	}
	if allowed {
		return status == http.StatusOK || status == http.StatusNoContent
	}
	return status == http.StatusForbidden
}

// The schema of a request has its members, and the listener refuses all others.
func TestOpenAPI_DescribesTheRequests(t *testing.T) {
	d := describe(t)
	for _, e := range openapi.Endpoints() {
		if e.Body == nil {
			continue
		}
		_, body := requestFor(e, true)
		if err := d.Accepts(e, []byte(body)); err != nil {
			t.Errorf("%s %s: the schema refuses %s: %v", e.Method, e.Path, body, err)
		}
		if err := d.Accepts(e, []byte(`{"unknown":1}`)); err == nil {
			t.Errorf("%s %s: the schema accepts an unknown member, which the listener refuses", e.Method, e.Path)
		}
	}
}

// Errors are as the description says.
func TestOpenAPI_DescribesTheErrors(t *testing.T) {
	d := describe(t)
	for _, e := range openapi.Endpoints() {
		if !e.IsAPI() {
			continue
		}
		target, body := requestFor(e, true)
		for _, status := range e.Fails {
			problem := filled[adminapi.Problem](&filledSidecar{full: true})
			problem.Status = status
			w := (&filledSidecar{err: &problem}).listener(admin.Offer{}).ask(e.Method, target, body, remote, bearer(adminToken))
			if err := d.Answers(e, w); err != nil || w.Code != status {
				t.Errorf("%s %s: %d %s, want %d: %v", e.Method, target, w.Code, w.Body, status, err)
			}
		}
		for want, offer := range map[int]admin.Offer{404: {Off: true}, 403: {ReadOnly: "why"}} {
			w := (&filledSidecar{full: true}).listener(offer).ask(e.Method, e.Path, "", remote, bearer(adminToken))
			changes := e.Who == openapi.Token || e.Who == openapi.DryRun
			if err := d.Answers(e, w); err != nil || changes && w.Code != want || offer.Off && w.Code != want {
				t.Errorf("%s %s with the offer %+v: %d %s, want %d: %v", e.Method, e.Path, offer, w.Code, w.Body, want, err)
			}
		}
		if e.Body == nil {
			continue
		}
		for bad, want := range map[string]int{`[]`: 400, `{"unknown":1}`: 400, `{"` + strings.Repeat("x", 1<<20) + `":1}`: 413} {
			w := (&filledSidecar{full: true}).listener(admin.Offer{}).ask(e.Method, e.Path, bad, remote, bearer(adminToken))
			if err := d.Answers(e, w); err != nil || w.Code != want {
				t.Errorf("%s %s with the body %.20s: %d %s, want %d: %v", e.Method, e.Path, bad, w.Code, w.Body, want, err)
			}
		}
	}
}

// The errors of endpoints that are not below /api are as the description says.
func TestOpenAPI_DescribesTheOtherErrors(t *testing.T) {
	d := describe(t)
	for _, e := range openapi.Endpoints() {
		if e.IsAPI() || e.Path == "/readyz" { // which answers 503 in another test
			continue
		}
		for _, status := range e.Fails {
			f, target := &filledSidecar{err: errors.New("no answer")}, strings.ReplaceAll(e.Path, "{user_id}", "anna")
			if status == http.StatusBadRequest {
				f.err = &admin.QueryError{Text: "the issuer is missing"}
			}
			w := f.listener(admin.Offer{}).ask(e.Method, target, "loud", loopback)
			if err := d.Answers(e, w); err != nil || w.Code != status {
				t.Errorf("%s %s: %d %s, want %d: %v", e.Method, target, w.Code, w.Body, status, err)
			}
		}
	}
}
