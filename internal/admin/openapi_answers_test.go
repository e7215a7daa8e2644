package admin_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/tokengraft/tokengraft/internal/admin"
	"github.com/tokengraft/tokengraft/internal/adminapi"
	"github.com/tokengraft/tokengraft/internal/adminapi/openapi"
)

// A description is the document, with schemas that refuse members that they do not have.
type description struct {
	document map[string]any
	compiler *jsonschema.Compiler
}

const documentURL = "https://tokengraft.invalid/openapi.json"

// describe reads the description from the listener.
func describe(t *testing.T) *description {
	t.Helper()
	w := (&filledSidecar{}).listener(admin.Offer{}).ask("GET", "/api/openapi.json", "", loopback)
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/json" {
		t.Fatalf("GET /api/openapi.json: %d, a %s, want 200 and JSON", w.Code, w.Header().Get("Content-Type"))
	}
	parsed, err := jsonschema.UnmarshalJSON(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	d := &description{parsed.(map[string]any), jsonschema.NewCompiler()}
	for _, schema := range d.at("components", "schemas") {
		if schema := schema.(map[string]any); schema["properties"] != nil {
			schema["additionalProperties"] = false
		}
	}
	d.compiler.DefaultDraft(jsonschema.Draft2020)
	d.compiler.AssertFormat()
	if err := d.compiler.AddResource(documentURL, d.document); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *description) at(names ...string) map[string]any {
	members := d.document
	for _, name := range names {
		members, _ = members[name].(map[string]any)
	}
	return members
}

// accepts returns why JSON does not match the schema at a place of the document, or nil.
func (d *description) accepts(body []byte, place ...string) error {
	for i, name := range place {
		place[i] = strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
	}
	schema, err := d.compiler.Compile(documentURL + "#/" + strings.ReplaceAll(strings.ReplaceAll(strings.Join(place, "/"), "{", "%7B"), "}", "%7D"))
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return err
	}
	return schema.Validate(value)
}

// explains returns why the description does not say that an endpoint answers this, or nil.
func (d *description) explains(e openapi.Endpoint, w *httptest.ResponseRecorder) error {
	place := []string{"paths", e.Path, strings.ToLower(e.Method), "responses", fmt.Sprint(w.Code)}
	response := d.at(place...)
	if response == nil {
		return fmt.Errorf("the status is not described")
	}
	if ref, ok := response["$ref"].(string); ok {
		place = strings.Split(strings.TrimPrefix(ref, "#/"), "/")
		response = d.at(place...)
	}
	media := w.Header().Get("Content-Type")
	switch {
	case w.Body.Len() == 0 && response["content"] == nil:
		return nil
	case response["content"].(map[string]any)[media] == nil && !strings.HasPrefix(media, "text/plain"):
		return fmt.Errorf("the content type %q is not described", media)
	case strings.HasPrefix(media, "text/plain"):
		return nil
	}
	return d.accepts(w.Body.Bytes(), append(place, "content", media, "schema")...)
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
				if err := d.explains(e, w); err != nil {
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
		place := []string{"paths", e.Path, "post", "requestBody", "content", "application/json", "schema"}
		if err := d.accepts([]byte(body), append([]string{}, place...)...); err != nil {
			t.Errorf("%s %s: the schema refuses %s: %v", e.Method, e.Path, body, err)
		}
		if err := d.accepts([]byte(`{"unknown":1}`), place...); err == nil {
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
			if err := d.explains(e, w); err != nil || w.Code != status {
				t.Errorf("%s %s: %d %s, want %d: %v", e.Method, target, w.Code, w.Body, status, err)
			}
		}
		for want, offer := range map[int]admin.Offer{404: {Off: true}, 403: {ReadOnly: "why"}} {
			w := (&filledSidecar{full: true}).listener(offer).ask(e.Method, e.Path, "", remote, bearer(adminToken))
			changes := e.Who == openapi.Token || e.Who == openapi.DryRun
			if err := d.explains(e, w); err != nil || changes && w.Code != want || offer.Off && w.Code != want {
				t.Errorf("%s %s with the offer %+v: %d %s, want %d: %v", e.Method, e.Path, offer, w.Code, w.Body, want, err)
			}
		}
		if e.Body == nil {
			continue
		}
		for bad, want := range map[string]int{`[]`: 400, `{"unknown":1}`: 400, `{"` + strings.Repeat("x", 1<<20) + `":1}`: 413} {
			w := (&filledSidecar{full: true}).listener(admin.Offer{}).ask(e.Method, e.Path, bad, remote, bearer(adminToken))
			if err := d.explains(e, w); err != nil || w.Code != want {
				t.Errorf("%s %s with the body %.20s: %d %s, want %d: %v", e.Method, e.Path, bad, w.Code, w.Body, want, err)
			}
		}
	}
}
