package openapi_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/tokengraft/tokengraft/internal/adminapi"
	"github.com/tokengraft/tokengraft/internal/adminapi/openapi"
	"github.com/tokengraft/tokengraft/internal/manual"
)

const (
	root     = "../../.."
	generate = "run go generate ./internal/adminapi"
)

func TestDocument_IsCurrent(t *testing.T) {
	want, err := openapi.Document(root)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(adminapi.OpenAPI(), want) {
		t.Errorf("%s is not what the types and the endpoints say; %s", openapi.Name, generate)
	}
}

func TestPage_IsCurrent(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, openapi.Page))
	if err != nil {
		t.Fatal(err)
	}
	for name, table := range openapi.Tables() {
		want, err := manual.Insert(string(page), name, table)
		if err != nil {
			t.Fatal(err)
		}
		if want != string(page) {
			t.Errorf("the table %s of %s is not current; %s", name, openapi.Page, generate)
		}
	}
}

// The page has each type of problem that the package declares.
func TestPage_HasEachTypeOfProblem(t *testing.T) {
	table := openapi.Tables()["problems"]
	comments, err := openapi.ReadComments(filepath.Join(root, "internal", "adminapi"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range comments.Constants() {
		if strings.HasPrefix(text, "urn:") && !strings.Contains(table, text) {
			t.Errorf("the table of problems does not have %s, which is %s", text, name)
		}
	}
}

// document returns the description as untyped JSON.
func document(t *testing.T) map[string]any {
	t.Helper()
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(adminapi.OpenAPI()))
	if err != nil {
		t.Fatal(err)
	}
	return parsed.(map[string]any)
}

func TestDocument_IsOpenAPI(t *testing.T) {
	doc := document(t)
	info, _ := doc["info"].(map[string]any)
	if doc["openapi"] != "3.1.0" || info["title"] == "" || info["version"] != "1" {
		t.Errorf("openapi is %v, and info is %v; want 3.1.0, a title, and the version 1", doc["openapi"], info)
	}
	ids := map[string]string{}
	for path, methods := range doc["paths"].(map[string]any) {
		if !strings.HasPrefix(path, "/") {
			t.Errorf("the path %q does not start with /", path)
		}
		for method, op := range methods.(map[string]any) {
			op := op.(map[string]any)
			name := method + " " + path
			id, _ := op["operationId"].(string)
			if other, taken := ids[id]; taken || id == "" {
				t.Errorf("the operationId of %s is %q, which %q has too", name, id, other)
			}
			ids[id] = name
			checkOperation(t, name, path, op)
		}
	}
}

// checkOperation checks what OpenAPI requires of an operation.
func checkOperation(t *testing.T, name, path string, op map[string]any) {
	var inPath []string
	parameters, _ := op["parameters"].([]any)
	for _, p := range parameters {
		if p := p.(map[string]any); p["in"] == "path" {
			inPath = append(inPath, p["name"].(string))
			if p["required"] != true {
				t.Errorf("%s: the parameter %v of the path is not required", name, p["name"])
			}
		}
	}
	if want := openapi.PathParameters(path); !slices.Equal(inPath, want) {
		t.Errorf("%s has the path parameters %q, want %q", name, inPath, want)
	}
	responses, _ := op["responses"].(map[string]any)
	if len(responses) == 0 {
		t.Errorf("%s has no responses", name)
	}
	for status, response := range responses {
		response := response.(map[string]any)
		if response["$ref"] == nil && response["description"] == nil {
			t.Errorf("%s: the response %s has no description", name, status)
		}
	}
}

// Each reference leads somewhere, and each part is used.
func TestDocument_ReferencesResolve(t *testing.T) {
	doc := document(t)
	used := map[string]bool{}
	var walk func(any)
	walk = func(value any) {
		switch value := value.(type) {
		case map[string]any:
			if ref, ok := value["$ref"].(string); ok {
				used[ref] = true
				if resolve(doc, ref) == nil {
					t.Errorf("the reference %s leads nowhere", ref)
				}
			}
			for _, member := range value {
				walk(member)
			}
		case []any:
			for _, element := range value {
				walk(element)
			}
		}
	}
	walk(doc)
	parts := doc["components"].(map[string]any)
	for _, kind := range []string{"schemas", "responses"} {
		for name := range parts[kind].(map[string]any) {
			if ref := "#/components/" + kind + "/" + name; !used[ref] {
				t.Errorf("nothing refers to %s", ref)
			}
		}
	}
}

func resolve(doc any, ref string) any {
	for name := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
		members, _ := doc.(map[string]any)
		doc = members[name]
	}
	return doc
}

// All schemas are valid JSON Schemas of the draft that OpenAPI 3.1 uses.
func TestDocument_SchemasAreValid(t *testing.T) {
	doc := document(t)
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	if err := compiler.AddResource("urn:openapi", doc); err != nil {
		t.Fatal(err)
	}
	for name := range doc["components"].(map[string]any)["schemas"].(map[string]any) {
		if _, err := compiler.Compile("urn:openapi#/components/schemas/" + name); err != nil {
			t.Errorf("the schema %s: %v", name, err)
		}
	}
}
