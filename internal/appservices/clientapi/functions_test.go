package clientapi_test

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestFunctions_ReturnTheirResult(t *testing.T) {
	a := newApp(t).
		add("sum", "exports = (...n) => n.reduce((a, b) => a + b, 0)", public).
		add("nothing", "exports = () => {}", public).
		add("who", "exports = () => [context.user, context.request, context.runningAsSystem()]", public).
		add("system", "exports = () => context.runningAsSystem()", `"run_as_system":true`)
	o := a.options()
	for body, want := range map[string]string{
		called("sum", "1", "2.5"): `{"$numberDouble":"3.5"}`,
		called("sum"):             `{"$numberLong":"0"}`,
		called("nothing"):         `null`,
		called("system"):          `true`,
		called("who"): `[{"id":"anna","type":"normal","data":{"email":"anna@example.com"},"custom_data":{"team":"red"},"identities":[{"id":"anna","provider_type":"","data":{"email":"anna@example.com"}}]},` +
			`{"remoteIPAddress":"192.0.2.1","requestHeaders":{"Content-Type":["application/json;charset=utf-8"]},"httpMethod":"POST","httpUserAgent":"","httpReferrer":"","rawQueryString":"","service":"","action":"who"},false]`,
	} {
		if got := send(o, "anna", body); got.Code != 200 || got.Body.String() != want {
			t.Errorf("%s: got %d %s, want 200 %s", body, got.Code, got.Body, want)
		}
	}
	if len(a.evicted.tags) != 5 || a.evicted.tags[0] != "anna" {
		t.Errorf("evicted %q, want anna after each call", a.evicted.tags)
	}
}

// Every BSON type arrives in a function and comes back as it was. Numbers become those of
// JavaScript, as in App Services.
func TestFunctions_KeepTheTypesOfBSON(t *testing.T) {
	o := newApp(t).add("echo", "exports = (v) => v", public).options()
	for sent, want := range map[string]string{
		`{"$oid":"62efedca3587e6e83c0fc675"}`:                              "",
		`{"$date":{"$numberLong":"1660000000000"}}`:                        "",
		`{"$date":{"$numberLong":"-9223372036854775808"}}`:                 "",
		`{"$numberLong":"9223372036854775807"}`:                            "",
		`{"$numberInt":"13"}`:                                              `{"$numberLong":"13"}`,
		`{"$numberDouble":"70.5"}`:                                         "",
		`{"$numberDouble":"NaN"}`:                                          "",
		`{"$numberDouble":"-Infinity"}`:                                    "",
		`{"$numberDouble":"-0.0"}`:                                         "",
		`{"$numberDecimal":"1.10"}`:                                        "",
		`{"$binary":{"base64":"AQID","subType":"80"}}`:                     "",
		`{"$binary":{"base64":"JmS8oQitTny4IPS2tyjmdA==","subType":"04"}}`: "",
		`{"$regularExpression":{"pattern":"^a","options":"i"}}`:            "",
		`{"$timestamp":{"t":1,"i":2}}`:                                     "",
		`{"$minKey":1}`:                                                    "",
		`{"$maxKey":1}`:                                                    "",
		`{"$symbol":"s"}`:                                                  "",
		`{"$code":"f()"}`:                                                  "",
		`{"$undefined":true}`:                                              "null",
		`{"a":[null,true,"ü\u0000"],"b":{"c":{}}}`:                         "",
		`{"__proto__":{"admin":true},"constructor":1}`:                     `{"__proto__":{"admin":true},"constructor":{"$numberLong":"1"}}`,
	} {
		if want == "" {
			want = sent
		}
		if got := send(o, "anna", called("echo", sent)); got.Code != 200 || got.Body.String() != want {
			t.Errorf("%s: got %d %s, want %s", sent, got.Code, got.Body, want)
		}
	}
}

func TestFunctions_AreCallableOnlyWherePermitted(t *testing.T) {
	const source = "exports = () => 1"
	a := newApp(t).
		add("hidden", source, `"private":true`).
		add("unlisted", source, "").
		add("red", source, `"can_evaluate":{"%%user.custom_data.team":"red"}`).
		add("checked", source, `"can_evaluate":{"%%true":{"%function":{"name":"decide","arguments":["%%user.id"]}}}`).
		add("decide", `exports = (id) => id === "anna" && context.runningAsSystem()`, `"private":true`).
		add("broken", source, `"can_evaluate":{"%%true":{"%function":{"name":"fail","arguments":[]}}}`).
		add("fail", `exports = () => { throw new Error("no") }`, `"private":true`)
	o := a.options()
	for _, test := range []struct {
		user, name string
		status     int
		code, text string
	}{
		{"anna", "hidden", 404, "FunctionNotFound", "function not found: 'hidden'"},
		{"anna", "unlisted", 404, "FunctionNotFound", "function not found: 'unlisted'"},
		{"anna", "none", 404, "FunctionNotFound", "function not found: 'none'"},
		{"anna", "__proto__", 404, "FunctionNotFound", "function not found: '__proto__'"},
		{"anna", "red", 200, "", ""},
		{"ben", "red", 403, "FunctionExecutionError", `rule not matched for function "red"`},
		{"anna", "checked", 200, "", ""},
		{"ben", "checked", 403, "FunctionExecutionError", `rule not matched for function "checked"`},
		{"anna", "broken", 403, "FunctionExecutionError", `rule not matched for function "broken"`},
	} {
		got := send(o, test.user, called(test.name))
		if test.status != 200 {
			checkError(t, got, test.status, test.code, test.text)
		} else if got.Code != 200 {
			t.Errorf("%s calls %s: got %d %s, want 200", test.user, test.name, got.Code, got.Body)
		}
	}
	if a.failures != 1 {
		t.Errorf("counted %d expressions that failed, want 1", a.failures)
	}
}

func TestFunctions_SendWhatTheyThrow(t *testing.T) {
	for thrown, want := range map[string]string{
		`throw new Error("too late")`:      "too late",
		`throw new TypeError("no number")`: "TypeError: no number",
		`none()`:                           "ReferenceError: none is not defined",
		`throw "text"`:                     "text",
		`throw 5`:                          "5",
		`throw null`:                       "null",
		`throw undefined`:                  "undefined",
		`throw {a: 1}`:                     "[object Object]",
		`throw {toString() { throw 1 }}`:   "the thrown value cannot be converted to text",
		`throw new Proxy({}, {get() { throw 1 }})`:  "the thrown value cannot be converted to text",
		`return Promise.reject(new Error("async"))`: "async",
		`return "x".repeat(5 << 20)`:                "the value is larger than 4 MiB",
		`const f = () => f(); f()`:                  "calls nest too deeply",
	} {
		o := newApp(t).add("f", "exports = function () { "+thrown+" }", public).options()
		got := send(o, "anna", called("f"))
		if thrown == `throw {a: 1}` || strings.HasPrefix(thrown, "throw new Proxy") {
			checkError(t, got, 400, "FunctionExecutionError", "") // the text is the engine's
			continue
		}
		checkError(t, got, 400, "FunctionExecutionError", want)
	}
}

func TestFunctions_EndAtTheirLimits(t *testing.T) {
	a := newApp(t).
		add("endless", "exports = () => { for (;;); }", public).
		add("hog", "exports = () => { const a = []; for (;;) a.push(new Uint8Array(1 << 20)); }", public).
		add("ok", "exports = () => 1", public)
	a.timeout = 2 * time.Second
	o := a.options()
	checkError(t, send(o, "anna", called("endless")), 400, "ExecutionTimeLimitExceeded", "execution time limit exceeded")
	checkError(t, send(o, "anna", called("hog")), 400, "FunctionExecutionError", "execution memory limit exceeded")
	if got := send(o, "anna", called("ok")); got.Code != 200 {
		t.Errorf("the next call: got %d %s, want 200", got.Code, got.Body)
	}
}

// A call may change its global objects. The next one, which may be another user's, does not
// see that.
func TestFunctions_DoNotChangeTheNextCall(t *testing.T) {
	o := newApp(t).
		add("pollute", "exports = (v) => { Object.prototype.admin = true; Array.prototype.map = () => 1; globalThis.left = v; Object.assign({}.__proto__, v); return ({}).admin }", public).
		add("look", "exports = () => [({}).admin, ({}).evil, typeof left, [1].map((n) => n + 1)]", public).options()
	if got := send(o, "anna", called("pollute", `{"evil":true}`)); got.Body.String() != "true" {
		t.Fatalf("the function that pollutes: got %d %s, want true", got.Code, got.Body)
	}
	if got, want := send(o, "ben", called("look")).Body.String(), `[null,null,"undefined",[{"$numberLong":"2"}]]`; got != want {
		t.Errorf("the next call: got %s, want %s", got, want)
	}
}

// A heldDatabase answers when it is open.
type heldDatabase struct{ arrived, open chan bool }

func (d heldDatabase) Command(ctx context.Context, database string, command json.RawMessage) (json.RawMessage, error) {
	d.arrived <- true
	select {
	case <-d.open:
	case <-ctx.Done():
	}
	return unlimited{}.Command(ctx, database, command)
}

// With two processes, one user gets one at a time.
func TestFunctions_OneUserDoesNotTakeAllProcesses(t *testing.T) {
	held := heldDatabase{make(chan bool, 10), make(chan bool)}
	a := newApp(t).
		add("slow", `exports = () => context.services.get("mongodb-atlas").db("app").collection("users").findOne({})`, public+`,"run_as_system":true`).
		add("quick", "exports = () => 1", public)
	a.processes, a.database = 2, held
	o := a.options()
	var calls sync.WaitGroup
	for range 3 {
		calls.Go(func() { send(o, "anna", called("slow")) })
	}
	<-held.arrived
	for range 10 {
		if got := send(o, "ben", called("quick")); got.Code != 200 {
			t.Errorf("another user, while the first has a process: got %d %s, want 200", got.Code, got.Body)
		}
	}
	if n := len(held.arrived); n > 0 {
		t.Errorf("the first user has %d processes, want 1", n+1)
	}
	close(held.open)
	calls.Wait()
}
