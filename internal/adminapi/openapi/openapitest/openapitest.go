// Package openapitest compares messages of the admin listener with its description.
package openapitest

import (
	"bytes"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/tokengraft/tokengraft/internal/adminapi/openapi"
)

// A Description is the document of the listener. Its schemas refuse members that they do not
// have, which the document itself allows, because new ones may come.
type Description struct {
	document map[string]any
	compiler *jsonschema.Compiler
}

const url = "https://tokengraft.invalid/openapi.json"

// Parse parses a document.
func Parse(t testing.TB, document []byte) *Description {
	t.Helper()
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	d := &Description{parsed.(map[string]any), jsonschema.NewCompiler()}
	for _, schema := range d.at("components", "schemas") {
		if schema := schema.(map[string]any); schema["properties"] != nil {
			schema["additionalProperties"] = false
		}
	}
	d.compiler.DefaultDraft(jsonschema.Draft2020)
	d.compiler.AssertFormat()
	if err := d.compiler.AddResource(url, d.document); err != nil {
		t.Fatal(err)
	}
	return d
}

// Accepts returns why the body is not one that an endpoint takes, or nil.
func (d *Description) Accepts(e openapi.Endpoint, body []byte) error {
	return d.matches(body, "paths", e.Path, strings.ToLower(e.Method), "requestBody", "content", "application/json", "schema")
}

// Answers returns why the response is not one that an endpoint has, or nil.
func (d *Description) Answers(e openapi.Endpoint, w *httptest.ResponseRecorder) error {
	place := []string{"paths", e.Path, strings.ToLower(e.Method), "responses", fmt.Sprint(w.Code)}
	response := d.at(place...)
	if ref, ok := response["$ref"].(string); ok {
		place = strings.Split(strings.TrimPrefix(ref, "#/"), "/")
		response = d.at(place...)
	}
	if response == nil {
		return errors.New("the status is not described")
	}
	content, _ := response["content"].(map[string]any)
	media, _, _ := strings.Cut(w.Header().Get("Content-Type"), ";")
	switch {
	case content == nil && w.Body.Len() == 0:
		return nil
	case content[media] == nil:
		return fmt.Errorf("the content type %q is not described", media)
	case media == "text/plain":
		return nil
	}
	return d.matches(w.Body.Bytes(), append(place, "content", media, "schema")...)
}

// at returns what is at a place of the document, or nil.
func (d *Description) at(place ...string) map[string]any {
	members := d.document
	for _, name := range place {
		members, _ = members[name].(map[string]any)
	}
	return members
}

// pointed escapes the name of a member for a JSON pointer in a URL.
var pointed = strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D")

// matches returns why JSON does not match the schema at a place of the document, or nil.
func (d *Description) matches(body []byte, place ...string) error {
	pointer := url + "#"
	for _, name := range place {
		pointer += "/" + pointed.Replace(name)
	}
	schema, err := d.compiler.Compile(pointer)
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return err
	}
	return schema.Validate(value)
}
