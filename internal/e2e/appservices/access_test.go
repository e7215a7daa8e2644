package appservices_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/tokengraft/tokengraft/internal/e2e"
)

// decode decodes an answer that must be a success.
func decode(t *testing.T, reply e2e.Reply, into any) {
	t.Helper()
	if kind := reply.Header.Get("Content-Type"); reply.Status/100 != 2 || !strings.HasPrefix(kind, "application/json") {
		t.Fatalf("got %d %q %.300s, want 2xx with JSON", reply.Status, kind, reply.Body)
	}
	if err := json.Unmarshal([]byte(reply.Body), into); err != nil {
		t.Fatalf("got %.300s: %v", reply.Body, err)
	}
}

// userApp is an exported app whose users own their document and call two functions.
var userApp = map[string]string{
	"functions/config.json": `[{"name":"greet","run_as_system":true},{"name":"hidden","private":true},{"name":"fails"},{"name":"adults","can_evaluate":{"%%user.custom_data.age":{"$gte":18}}}]`,
	"functions/greet.js":    `exports = (name, n) => ({ text: "hello " + name, by: context.user.id, color: context.user.custom_data.color, twice: n * 2 })`,
	"functions/hidden.js":   `exports = () => 1`,
	"functions/fails.js":    `exports = () => { throw new Error("not today") }`,
	"functions/adults.js":   `exports = () => 1`,
	"rules.json": `{"database":"myapp","collection":"users","filters":[],"roles":[{"name":"owner","apply_when":{"user_account_id":"%%user.id"},
		"document_filters":{"read":true,"write":true},"read":true,"write":true,"insert":true,"delete":true,"search":false}]}`,
}

// startApp starts a sidecar with userApp and a document of Anna's and one of Ben's.
func startApp(t *testing.T) (at e2e.Address, users *mongo.Collection) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range userApp {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	users, documents := newCollection(t)
	for _, owner := range []string{anna, ben} {
		if _, err := users.InsertOne(t.Context(), bson.D{{Key: "user_account_id", Value: owner}, {Key: "color", Value: "blue"}, {Key: "visits", Value: int32(13)}}); err != nil {
			t.Fatal(err)
		}
	}
	s := start(t, hs256, documents+"functions: {dir: '"+dir+"/functions', services: [mongodb-atlas]}\n"+
		"access: {functions: true, roles: '"+dir+"/rules.json', per_minute: 1000}\n")
	return s.at, users
}

const anna = "636aba021728b6c1c03db7f9"

// signIn starts the app and signs Anna in with an SDK.
func signIn(t *testing.T, d dialect) *client {
	t.Helper()
	at, _ := startApp(t)
	c := &client{dialect: d, sdk: sdk{t: t, at: at}}
	c.logIn("anna@example.com")
	return c
}

// Every SDK can call functions, and gets results and errors in a form that it can parse.
func TestSDKs_CallFunctions(t *testing.T) {
	for _, d := range dialects {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			c := signIn(t, d)
			const want = `{"text":"hello Anna","by":"` + anna + `","color":"blue","twice":{"$numberLong":"4"}}`
			if reply := c.call("greet", d.function, ""); reply.Status != http.StatusOK || reply.Body != want {
				t.Errorf("greet: got %d %s, want 200 %s", reply.Status, reply.Body, want)
			}
			c.refreshes()
			if reply := c.call("greet", d.function, ""); reply.Status != http.StatusOK || reply.Body != want {
				t.Errorf("greet after a refresh: got %d %s, want 200 %s", reply.Status, reply.Body, want)
			}
			c.refuses(c.call("hidden", "[]", ""), http.StatusNotFound, "FunctionNotFound", "function not found: 'hidden'")
			c.refuses(c.call("gone", "[]", ""), http.StatusNotFound, "FunctionNotFound", "function not found: 'gone'")
			c.refuses(c.call("fails", "[]", ""), http.StatusBadRequest, "FunctionExecutionError", "not today")
			c.refuses(c.call("adults", "[]", ""), http.StatusForbidden, "FunctionExecutionError", `rule not matched for function "adults"`)
		})
	}
}

// refuses checks an error. The native SDKs find its code only if the content type is
// exactly application/json (realm-core f8752e180: app_utils.cpp, check_for_errors).
func (c *client) refuses(reply e2e.Reply, status int, code, message string) {
	c.t.Helper()
	var answer struct {
		Error     string `json:"error"`
		ErrorCode string `json:"error_code"`
	}
	if err := json.Unmarshal([]byte(reply.Body), &answer); err != nil || reply.Header.Get("Content-Type") != "application/json" {
		c.t.Fatalf("got %d %q %s, want application/json: %v", reply.Status, reply.Header.Get("Content-Type"), reply.Body, err)
	}
	if reply.Status != status || answer.ErrorCode != code || !strings.Contains(answer.Error, message) {
		c.t.Errorf("got %d %s, want %d %s with %q", reply.Status, reply.Body, status, code, message)
	}
}

// Every SDK can read and write the user's own document, and no other. Its parser needs
// Int64 for the count, Int32 for the others, and null if no document matches.
func TestSDKs_ReachTheirOwnDocument(t *testing.T) {
	for _, d := range dialects {
		if d.find == "" {
			continue
		}
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			c := signIn(t, d)
			c.readsOwn()
			c.writesOwn()
			c.refuses(c.call("find", `[{"database":"myapp","collection":"orders","query":{}}]`, `,"service":"mongodb-atlas"`),
				http.StatusForbidden, "NoMatchingRuleFound", "no rule exists for namespace 'myapp.orders'")
		})
	}
}

func (c *client) readsOwn() {
	c.t.Helper()
	var doc struct {
		Owner  string            `json:"user_account_id"`
		Visits map[string]string `json:"visits"`
	}
	if decode(c.t, c.method("findOne", c.findOne), &doc); doc.Owner != anna || doc.Visits["$numberInt"] != "13" {
		c.t.Errorf("findOne: got %+v, want Anna's document with 13 visits as Int32", doc)
	}
	var docs []map[string]any
	if decode(c.t, c.method("find", c.find), &docs); len(docs) != 1 || docs[0]["color"] != "blue" || docs[0]["visits"] != nil {
		c.t.Errorf("find: got %v, want one document with color and without visits", docs)
	}
	c.answers("findOne", `"query":{"user_account_id":"`+ben+`"}`, `null`)
	c.answers("find", `"query":{"user_account_id":"`+ben+`"}`, `[]`)
	c.answers("count", c.count, `{"$numberLong":"1"}`)
}

func (c *client) writesOwn() {
	c.t.Helper()
	c.answers("updateOne", c.update, `{"matchedCount":{"$numberInt":"1"},"modifiedCount":{"$numberInt":"1"}}`)
	var doc map[string]any
	if decode(c.t, c.method("findOneAndUpdate", strings.Replace(c.findAndUpdate, "green", "gold", 1)), &doc); doc["color"] != "gold" {
		c.t.Errorf("findOneAndUpdate: got %v, want the new color gold", doc)
	}
	var docs []map[string]any
	if decode(c.t, c.method("aggregate", strings.Replace(c.aggregate, "green", "gold", 1)), &docs); len(docs) != 1 {
		c.t.Errorf("aggregate: got %v, want one document", docs)
	}
	c.answers("updateOne", strings.Replace(c.update, "%[1]q", `"`+ben+`"`, 1), `{"matchedCount":{"$numberInt":"0"},"modifiedCount":{"$numberInt":"0"}}`)
	c.answers("deleteOne", c.remove, `{"deletedCount":{"$numberInt":"1"}}`)
	var inserted struct {
		ID map[string]string `json:"insertedId"`
	}
	if decode(c.t, c.method("insertOne", c.insert), &inserted); len(inserted.ID["$oid"]) != 24 {
		c.t.Errorf("insertOne: got %+v, want an ObjectId", inserted)
	}
	c.refreshes()
	if color := c.customData()["color"]; color != "red" {
		c.t.Errorf("user_data after a write: got the color %v, want red", color)
	}
}

// answers checks the answer of a method.
func (c *client) answers(method, arguments, want string) {
	c.t.Helper()
	if reply := c.method(method, arguments); reply.Status != http.StatusOK || reply.Body != want {
		c.t.Errorf("%s: got %d %s, want 200 %s", method, reply.Status, reply.Body, want)
	}
}
