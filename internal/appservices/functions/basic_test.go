package functions_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/internal/appservices/functions"
)

// open opens an app with one function, f.
func open(t testing.TB, source string, change ...func(*functions.Options)) *functions.App {
	t.Helper()
	o := functions.Options{Functions: map[string]string{"f": source}}
	for _, f := range change {
		f(&o)
	}
	app, err := functions.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), functions.MaxTimeout+10*time.Second)
		defer cancel()
		if err := app.Close(ctx); err != nil {
			t.Errorf("Close: %v, want no call that still runs", err)
		}
	})
	return app
}

// call calls f. The arguments are Extended JSON.
func call(t testing.TB, app *functions.App, arguments ...string) (string, error) {
	t.Helper()
	result, err := app.Call(t.Context(), functions.Call{Function: "f", Args: args(arguments...)})
	return string(result), err
}

func args(texts ...string) (args []json.RawMessage) {
	for _, text := range texts {
		args = append(args, json.RawMessage(text))
	}
	return args
}

func TestCall_RunsAFunctionUnchanged(t *testing.T) {
	for _, tt := range []struct{ name, source, args, want string }{
		{"exports", `exports = function (a) { return a + 1 }`, `1`, `{"$numberLong":"2"}`},
		{"arrow", `exports = (a) => "x" + a`, `"y"`, `"xy"`},
		{"module.exports", `module.exports = async function () { return true }`, `null`, `true`},
		{"async with destructured arguments", `exports = async ({user, time}) => { const u = await user; return [u.id, time] }`,
			`{"user":{"id":"5f"},"time":{"$date":{"$numberLong":"1"}}}`, `["5f",{"$date":{"$numberLong":"1"}}]`},
		{"a comment at the end", `exports = function () { return 1.5 } // that is all`, `null`, `{"$numberDouble":"1.5"}`},
		{"nothing returned", `exports = function () {}`, `null`, `null`},
		{"promises in parallel", `exports = async () => Promise.all([1, 2].map(async (n) => n * 2))`, `null`, `[{"$numberLong":"2"},{"$numberLong":"4"}]`},
		{"a getter that throws inside a try", `exports = () => { const o = { get a() { throw new Error("x") } }; try { return EJSON.stringify(o) } catch (e) { return e.message } }`, `null`, `"x"`},
		{"a timer", `exports = async () => { await new Promise((done) => setTimeout(done, 1)); return "later" }`, `null`, `"later"`},
		{"a class that extends Array", `class Twice extends Array { double() { return this.map((n) => n * 2) } }
			exports = () => { const t = Twice.from([1]); return [t.double()[0], t instanceof Twice, t instanceof Array, [].constructor === Array, Array.isArray(t)] }`,
			`null`, `[{"$numberLong":"2"},true,true,true,true]`},
		{"typed arrays", `exports = () => new Uint8Array([1, 2, 3])`, `null`, `{"$binary":{"base64":"AQID","subType":"00"}}`},
		{"the environment", `exports = () => [context.environment.tag, context.environment.values.url, context.values.get("v").a, context.values.get("none") === undefined, context.runningAsSystem(), context.user.type, context.services.get("other") === undefined]`,
			`null`, `["production","https://a",{"$numberLong":"1"},true,false,"system",true]`},
		{"Extended JSON", `exports = () => EJSON.stringify({answer: 42, at: new Date(1583167607977)})`, `null`,
			`"{\"answer\":{\"$numberLong\":\"42\"},\"at\":{\"$date\":{\"$numberLong\":\"1583167607977\"}}}"`},
		{"an own __proto__ is a member", `exports = (o) => [o.admin === undefined, Object.keys(o)]`, `{"__proto__":{"admin":true}}`, `[true,["__proto__"]]`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			app := open(t, tt.source, func(o *functions.Options) {
				o.Environment.Tag = "production"
				o.Environment.Values = map[string]json.RawMessage{"url": []byte(`"https://a"`)}
				o.Values = map[string]json.RawMessage{"v": []byte(`{"a":1}`)}
			})
			if got, err := call(t, app, tt.args); err != nil || got != tt.want {
				t.Errorf("got %s, %v; want %s", got, err, tt.want)
				explain(t, err)
			}
		})
	}
}

func TestCall_ThrowsWhatAGetterOfTheResultThrows(t *testing.T) {
	_, err := call(t, open(t, `exports = () => ({ get a() { throw new RangeError("no a") } })`))
	var e *functions.Error
	if !errors.As(err, &e) || e.Name != "RangeError" || e.Message != "no a" {
		t.Errorf("got %v, want a RangeError with the message %q", err, "no a")
	}
}

func explain(t *testing.T, err error) {
	t.Helper()
	var e *functions.Error
	if errors.As(err, &e) {
		t.Logf("name %q, message %q, stack %q", e.Name, e.Message, e.Stack)
	}
}

func TestBSON_EveryTypePassesThroughAFunction(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"ObjectId", `{"$oid":"5f1f216e82df4a7979f9da93"}`, ""},
		{"string", `"é\u0000\"<&>"`, `"é\u0000\"<&>"`},
		{"boolean", `true`, ""},
		{"null", `null`, ""},
		{"array", `[{"a":[]}]`, ""},
		{"Int64", `{"$numberLong":"9007199254740991"}`, ""},
		{"Int64 that a number cannot hold", `{"$numberLong":"-9007199254740993"}`, ""},
		{"lowest Int64", `{"$numberLong":"-9223372036854775808"}`, ""},
		{"highest Int64", `{"$numberLong":"9223372036854775807"}`, ""},
		{"Int32 becomes a number, then an Int64", `{"$numberInt":"13"}`, `{"$numberLong":"13"}`},
		{"Double", `{"$numberDouble":"1.5"}`, ""},
		{"integral Double becomes a number, then an Int64", `{"$numberDouble":"2.0"}`, `{"$numberLong":"2"}`},
		{"large Double", `{"$numberDouble":"1E+300"}`, ""},
		{"NaN", `{"$numberDouble":"NaN"}`, ""},
		{"Infinity", `{"$numberDouble":"-Infinity"}`, ""},
		{"negative zero", `{"$numberDouble":"-0.0"}`, ""},
		{"Decimal128", `{"$numberDecimal":"1.10E+400"}`, ""},
		{"Date", `{"$date":{"$numberLong":"-1"}}`, ""},
		{"relaxed Date", `{"$date":"1970-01-01T00:00:00.005Z"}`, `{"$date":{"$numberLong":"5"}}`},
		{"Date outside JavaScript's range", `{"$date":{"$numberLong":"9223372036854775807"}}`, ""},
		{"Binary", `{"$binary":{"base64":"AP8=","subType":"80"}}`, ""},
		{"UUID", `{"$binary":{"base64":"AAECAwQFBgcICQoLDA0ODw==","subType":"04"}}`, ""},
		{"relaxed UUID", `{"$uuid":"00010203-0405-0607-0809-0a0b0c0d0e0f"}`, `{"$binary":{"base64":"AAECAwQFBgcICQoLDA0ODw==","subType":"04"}}`},
		{"regular expression", `{"$regularExpression":{"pattern":"^a/(?<x>b)","options":"im"}}`, ""},
		{"Timestamp", `{"$timestamp":{"t":4294967295,"i":1}}`, ""},
		{"MinKey", `{"$minKey":1}`, ""},
		{"MaxKey", `{"$maxKey":1}`, ""},
		{"code", `{"$code":"f()"}`, ""},
		{"code with scope", `{"$code":"f()","$scope":{"a":{"$numberInt":"1"}}}`, ""},
		{"symbol", `{"$symbol":"s"}`, ""},
		{"DBPointer", `{"$dbPointer":{"$ref":"c","$id":{"$oid":"5f1f216e82df4a7979f9da93"}}}`, ""},
		{"undefined becomes null", `{"$undefined":true}`, `null`},
		{"object that only looks special", `{"$oid":{"$numberLong":"5"},"$date":null}`, ""},
		{"members in their order", `{"b":{"$numberLong":"1"},"a":{"$numberLong":"2"},"_bsontype":"ObjectId"}`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.want == "" {
				tt.want = tt.in
			}
			app := open(t, `exports = (v) => ({v})`)
			got, err := call(t, app, tt.in)
			if want := `{"v":` + tt.want + `}`; err != nil || got != want {
				t.Errorf("got %s, %v; want %s", got, err, want)
				explain(t, err)
			}
		})
	}
}

func TestBSON_TypesHaveTheirMethods(t *testing.T) {
	for _, tt := range []struct{ expression, want string }{
		{`BSON.ObjectId("5F1f216e82df4a7979f9da93").toString()`, `"5f1f216e82df4a7979f9da93"`},
		{`new BSON.ObjectId("5f1f216e82df4a7979f9da93").equals("5f1f216e82df4a7979f9da93")`, `true`},
		{`new BSON.ObjectId().toHexString() < new BSON.ObjectId().toHexString()`, `true`},
		{`new BSON.ObjectId("5f1f216e82df4a7979f9da93").getTimestamp().toISOString()`, `"2020-07-27T18:48:14.000Z"`},
		{`JSON.stringify({id: new BSON.ObjectId("5f1f216e82df4a7979f9da93")})`, `"{\"id\":\"5f1f216e82df4a7979f9da93\"}"`},
		{`BSON.ObjectId.isValid("x")`, `false`},
		{`BSON.Int32(42)`, `{"$numberInt":"42"}`},
		{`BSON.Double(42)`, `{"$numberDouble":"42.0"}`},
		{`BSON.Long(600206158, 342)`, `{"$numberLong":"1469479021390"}`},
		{`BSON.Long.fromString("9223372036854775807").add(-1)`, `{"$numberLong":"9223372036854775806"}`},
		{`BSON.Long.fromNumber(5) + 1`, `{"$numberLong":"6"}`},
		{`9007199254740993n`, `{"$numberLong":"9007199254740993"}`},
		{`BSON.Decimal128.fromString("1.10")`, `{"$numberDecimal":"1.10"}`},
		{`BSON.Binary.fromHex("54657374").text()`, `"Test"`},
		{`BSON.Binary.fromBase64("VGVzdA==", 0).toHex()`, `"54657374"`},
		{`new BSON.UUID("00010203-0405-0607-0809-0a0b0c0d0e0f").toString()`, `"00010203-0405-0607-0809-0a0b0c0d0e0f"`},
		{`BSON.BSONRegExp("the great", "ig")`, `{"$regularExpression":{"pattern":"the great","options":"i"}}`},
		{`/a/gim`, `{"$regularExpression":{"pattern":"a","options":"im"}}`},
		{`({$lt: BSON.MaxKey, $gt: BSON.MinKey})`, `{"$lt":{"$maxKey":1},"$gt":{"$minKey":1}}`},
		{`({a: undefined, f() {}})`, `{"a":null}`},
		{`EJSON.parse('{"a":{"$oid":"5f1f216e82df4a7979f9da93"}}').a instanceof BSON.ObjectId`, `true`},
	} {
		app := open(t, `exports = () => `+tt.expression)
		if got, err := call(t, app); err != nil || got != tt.want {
			t.Errorf("%s: got %s, %v; want %s", tt.expression, got, err, tt.want)
			explain(t, err)
		}
	}
}

func TestError_MessageIsForTheClientAndNotForTheLog(t *testing.T) {
	app := open(t, `exports = async function onUserCreation(user) {
  await null;
  const e = new TypeError("no account for\nat " + user.email + "\n\tat " + user.email + " (f.js:1:1(1))");
  e.name = "Refused";
  throw e;
}`)
	_, err := call(t, app, `{"email":"ann@example.com"}`)
	var e *functions.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want an *Error", err)
	}
	if e.Name != "Refused" || !strings.HasPrefix(e.Message, "no account for\nat ann@example.com") || e.Code != "FunctionExecutionError" {
		t.Errorf("got name %q, message %q, code %q; want Refused, the whole message, FunctionExecutionError", e.Name, e.Message, e.Code)
	}
	if !strings.Contains(e.Stack, "f.js:3:") || !strings.Contains(err.Error(), "f.js:3:") {
		t.Errorf("stack %q, error %v; want line 3 of f.js in both", e.Stack, err)
	}
	if strings.Contains(e.Stack+err.Error(), "ann@") {
		t.Errorf("stack %q, error %v; want neither to contain the message, because they may be logged", e.Stack, err)
	}
}
