package clientapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/hooks"
)

// Without run_as_system, a function and those that it executes have what the rules permit.
func TestFunctions_HaveTheDatabaseOfTheirCaller(t *testing.T) {
	const read = `context.services.get("mongodb-atlas").db("app").collection("users").find({}).toArray()`
	o := newApp(t).
		add("mine", "exports = () => "+read, public).
		add("all", "exports = () => "+read, `"run_as_system":true`).
		add("through", `exports = () => context.functions.execute("all")`, public).
		add("caught", `exports = async () => { try { await `+read+` } catch (e) { throw new Error("caught " + e.code) } }`, public).
		add("transaction", `exports = async () => { const s = context.services.get("mongodb-atlas").startSession(); await s.withTransaction(async () => { await context.services.get("mongodb-atlas").db("app").collection("users").insertOne({a: 1}, { session: s }) }) }`, public).
		options()
	const refused = "no rule exists for namespace 'app.users'"
	checkError(t, send(o, "anna", called("mine")), 403, "NoMatchingRuleFound", refused)
	checkError(t, send(o, "anna", called("through")), 403, "NoMatchingRuleFound", refused)
	checkError(t, send(o, "anna", called("caught")), 400, "FunctionExecutionError", "caught 13")
	checkError(t, send(o, "anna", called("transaction")), 503, "InternalServerError", "")
	if got := send(o, "anna", called("all")); got.Code != 200 || got.Body.String() != `[{"all":true}]` {
		t.Errorf("as system: got %d %s, want the documents", got.Code, got.Body)
	}
}

// refusing is a MongoDB that refuses every command, with a text about another user.
type refusing struct{}

func (refusing) Command(context.Context, string, json.RawMessage) (json.RawMessage, error) {
	return json.RawMessage(`{"ok":0,"code":11000,"errmsg":"duplicate key {email: \"ben@example.com\"}"}`), nil
}

// away is a MongoDB that does not answer.
type away struct{}

func (away) Command(context.Context, string, json.RawMessage) (json.RawMessage, error) {
	return nil, fmt.Errorf("no server at mongodb.internal")
}

func TestFunctions_DoNotSendTheErrorsOfMongoDB(t *testing.T) {
	for _, test := range []struct {
		database hooks.Database
		status   int
		code     string
	}{{refusing{}, 500, "MongoDBError"}, {away{}, 503, "InternalServerError"}} {
		a := newApp(t).add("f", `exports = () => context.services.get("mongodb-atlas").db("app").collection("users").insertOne({})`, `"run_as_system":true`)
		a.database = test.database
		got := send(a.options(), "anna", called("f"))
		checkError(t, got, test.status, test.code, "")
		if body := got.Body.String(); strings.Contains(body, "ben@") || strings.Contains(body, "internal\"") {
			t.Errorf("got %s, which has what MongoDB said", body)
		}
	}
}
