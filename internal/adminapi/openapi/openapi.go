// Package openapi describes the admin listener in OpenAPI 3.1. The schemas come from the
// types of package adminapi and their comments, and everything else from one table of
// endpoints. It runs when code is generated and in tests, and never in the sidecar.
package openapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/internal/adminapi"
)

// Name is the file of the description, in the repository.
const Name = "internal/adminapi/openapi.json"

// The members are in the order in which people read them.
type document struct {
	OpenAPI    string                          `json:"openapi"`
	Info       object                          `json:"info"`
	Servers    []object                        `json:"servers"`
	Tags       []object                        `json:"tags"`
	Paths      map[string]map[string]operation `json:"paths"`
	Components components                      `json:"components"`
}

type operation struct {
	ID          string            `json:"operationId"`
	Tags        []string          `json:"tags"`
	Summary     string            `json:"summary"`
	Description string            `json:"description,omitempty"`
	Security    []object          `json:"security"`
	Parameters  []object          `json:"parameters,omitempty"`
	RequestBody object            `json:"requestBody,omitempty"`
	Responses   map[string]object `json:"responses"`
}

type components struct {
	SecuritySchemes object `json:"securitySchemes"`
	Responses       object `json:"responses"`
	Schemas         object `json:"schemas"`
}

const about = `What the admin listener of tokengraft answers. JSON names do not change; new members and endpoints may come.

A request may read if it comes from loopback, and not from a web page of another site or through a proxy, or if it has the admin token. Changes, and values of documents, always require the token. Errors below /api are problems (RFC 9457). With ` + "`console: off`" + ` everything below /api is 404, and with ` + "`console: read-only`" + ` every change below it is 403.`

// Document returns the description, for a checkout at root.
func Document(root string) ([]byte, error) {
	comments, err := ReadComments(filepath.Join(root, "internal", "adminapi"), filepath.Join(root, "internal", "adminapi", "openapi"), filepath.Join(root, "cache"))
	if err != nil {
		return nil, err
	}
	w := schemaWriter{comments, object{}}
	paths := map[string]map[string]operation{}
	for _, e := range Endpoints() {
		if paths[e.Path] == nil {
			paths[e.Path] = map[string]operation{}
		}
		paths[e.Path][strings.ToLower(e.Method)] = w.operation(e)
	}
	w.ref(reflect.TypeFor[adminapi.Problem](), false)
	return encode(document{
		OpenAPI: "3.1.0",
		Info:    object{"title": "tokengraft admin API", "version": "1", "description": about},
		// The document is one level below, also if a proxy shows the listener below a path.
		Servers: []object{{"url": "..", "description": "The admin listener that sends this document."}},
		Tags:    []object{{"name": "api", "description": "The API of the console."}, {"name": "listener", "description": "Health, metrics, and what operators have with `console: off` too."}},
		Paths:   paths,
		Components: components{
			SecuritySchemes: object{"adminToken": object{"type": "http", "scheme": "bearer", "description": "The setting `admin_token`."}},
			Responses:       responses(),
			Schemas:         w.schemas,
		},
	})
}

func encode(d document) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	err := encoder.Encode(d)
	return joinLines(out.Bytes()), err
}

// Objects and lists are on one line if there are no others in them, or if they have one
// member. The program is smaller then.
var (
	leaf     = regexp.MustCompile(`\{\n[^{}\[\]]*\}|\[\n[^{}\[\]]*\]`)
	single   = regexp.MustCompile(`([{\[])\n *([^\n]*)\n *([}\]])`)
	newLines = regexp.MustCompile(`\n *`)
)

func joinLines(text []byte) []byte {
	text = leaf.ReplaceAllFunc(text, func(lines []byte) []byte { return newLines.ReplaceAll(lines, []byte(" ")) })
	for {
		joined := single.ReplaceAll(text, []byte("$1 $2 $3"))
		if len(joined) == len(text) {
			return joined
		}
		text = joined
	}
}

func (w schemaWriter) operation(e Endpoint) operation {
	o := operation{ID: e.ID, Tags: []string{"listener"}, Summary: e.Summary, Security: security(e.Who), Responses: w.responses(e)}
	o.Description = strings.TrimSpace(fmt.Sprintf("Who may: %s. %s", e.Who, e.More))
	if e.IsAPI() {
		o.Tags = []string{"api"}
	}
	for _, name := range PathParameters(e.Path) {
		o.Parameters = append(o.Parameters, object{"name": name, "in": "path", "required": true, "description": "The value of the user id claim, percent-encoded.", "schema": object{"type": "string"}})
	}
	for _, p := range e.Query {
		o.Parameters = append(o.Parameters, object{"name": p.Name, "in": "query", "description": p.Description, "schema": object{"type": p.Type}})
	}
	switch {
	case e.Body != nil:
		o.RequestBody = object{"content": content("application/json", w.ref(e.Body, true))}
	case e.TextBody != "":
		o.RequestBody = object{"required": true, "description": e.TextBody, "content": content("text/plain", object{"type": "string"})}
	}
	return o
}

// security says what a request needs. An empty object means nothing.
func security(who Who) []object {
	token := object{"adminToken": []string{}}
	switch who {
	case Everyone:
		return []object{}
	case Token:
		return []object{token}
	}
	return []object{{}, token}
}

var braces = regexp.MustCompile(`\{(\w+)\}`)

// PathParameters returns the names of the parameters in a path.
func PathParameters(path string) (names []string) {
	for _, match := range braces.FindAllStringSubmatch(path, -1) {
		names = append(names, match[1])
	}
	return names
}

func (w schemaWriter) responses(e Endpoint) map[string]object {
	all := map[string]object{}
	switch {
	case e.Answer != nil:
		all["200"] = object{"description": "The answer.", "content": content("application/json", w.ref(e.Answer, false))}
	case e.TextAnswer != "":
		all["200"] = object{"description": e.TextAnswer, "content": content("text/plain", object{"type": "string"})}
	default:
		all["204"] = object{"description": "Done."}
	}
	for _, status := range e.Statuses() {
		all[fmt.Sprint(status)] = object{"$ref": "#/components/responses/" + responseName(e, status)}
	}
	if e.Who == Everyone && slices.Contains(e.Fails, 503) { // /readyz
		all["503"] = object{"description": "Starting or stopping.", "content": content("application/json", w.ref(e.Answer, false))}
	}
	return all
}

// Statuses returns the statuses of all errors of an endpoint.
func (e Endpoint) Statuses() []int {
	all := slices.Clone(e.Fails)
	if e.Who != Everyone {
		all = append(all, 403)
	}
	if e.IsAPI() {
		all = append(all, 404)
	}
	slices.Sort(all)
	return all
}

func content(media string, schema object) object {
	return object{media: object{"schema": schema}}
}
