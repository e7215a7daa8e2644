package functions_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/tokengraft/tokengraft/internal/appservices/functions"
)

func TestOpen_ReportsEveryFaultWithItsPosition(t *testing.T) {
	_, err := functions.Open(functions.Options{Functions: map[string]string{
		"good":     `exports = () => 1`,
		"first":    `exports = async function (user) { return user. }`,
		"third":    "exports = function () {\n  // fine\n  const a = 1; const a = 2;\n}",
		"unclosed": "exports = function () {\n",
		"later":    "exports = async function () {\n  for await (const x of []) {}\n}",
	}})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"first.js:1:48: ", "third.js:3:22: ", "unclosed.js:2:1: ", "later.js:2:7: "} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in:\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "good.js") {
		t.Errorf("a fault of the one that has none:\n%v", err)
	}
}

func TestOpen_RefusesWrongOptionsAllAtOnce(t *testing.T) {
	o := functions.Options{Timeout: time.Hour, Memory: -1, Values: map[string]json.RawMessage{"key": []byte(`"secret`)}}
	o.Environment.Values = map[string]json.RawMessage{"url": nil}
	_, err := functions.Open(o)
	for _, want := range []string{"timeout", "memory", `value "key"`, `environment value "url"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("the error quotes a value: %v", err)
	}
}

func TestLoad_ReadsBothLayouts(t *testing.T) {
	got, err := functions.Load(fstest.MapFS{
		"config.json":                 {Data: []byte("[]")},
		"onUserCreation.js":           {Data: []byte("a")},
		"utils/mail.js":               {Data: []byte("b")},
		"old/source.js":               {Data: []byte("c")},
		"old/config.json":             {Data: []byte("{}")},
		"node_modules/left/pad.js":    {Data: []byte("d")},
		"node_modules/left/source.js": {Data: []byte("e")},
	})
	want := map[string]string{"onUserCreation": "a", "utils/mail": "b", "old": "c"}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
}

func TestContext_FunctionsExecuteEachOther(t *testing.T) {
	app, err := functions.Open(functions.Options{Functions: map[string]string{
		"difference": `const name = "d"; exports = async (a, b) => name + await context.functions.execute("utils/sum", a, -1 * b)`,
		"utils/sum":  `const name = "s"; exports = (a, b) => a + b`,
		"missing":    `exports = () => context.functions.execute("nothing")`,
		"empty":      `const a = 1`,
	}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := app.Call(t.Context(), functions.Call{Function: "difference", Args: []json.RawMessage{[]byte("5"), []byte("3")}})
	if err != nil || string(got) != `"d2"` {
		t.Errorf("got %s, %v; want d2", got, err)
	}
	for name, want := range map[string]string{"missing": "function not found: 'nothing'", "empty": "exports no function"} {
		_, err := app.Call(t.Context(), functions.Call{Function: name})
		var e *functions.Error
		if !errors.As(err, &e) || !strings.Contains(e.Message, want) {
			t.Errorf("%s: got %v, want %s", name, err, want)
		}
	}
	_, err = app.Call(t.Context(), functions.Call{Function: "nothing"})
	var e *functions.Error
	if !errors.As(err, &e) || !errors.Is(err, functions.ErrNoFunction) || e.Code != "FunctionNotFound" {
		t.Errorf("got %v, want that there is no such function", err)
	}
}

func TestContext_IsWhatTheCallerSays(t *testing.T) {
	app := open(t, `exports = () => [context.user.id, context.user.custom_data.at instanceof Date, context.request.remoteIPAddress, context.runningAsSystem(), context.app.name]`,
		func(o *functions.Options) { o.App = json.RawMessage(`{"name":"myapp"}`) })
	got, err := app.Call(t.Context(), functions.Call{Function: "f", System: true,
		User:    json.RawMessage(`{"id":"u1","custom_data":{"at":{"$date":"2020-01-01T00:00:00Z"}}}`),
		Request: json.RawMessage(`{"remoteIPAddress":"192.0.2.1"}`)})
	if want := `["u1",true,"192.0.2.1",true,"myapp"]`; err != nil || string(got) != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
}

func TestConsole_LogsAtDebugOnly(t *testing.T) {
	for _, tt := range []struct {
		level slog.Level
		want  bool
	}{{slog.LevelDebug, true}, {slog.LevelInfo, false}} {
		var log bytes.Buffer
		app := open(t, `exports = (user) => { console.log("new", user); console.error(new Error("no")); context.functions.execute }`, func(o *functions.Options) {
			o.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: tt.level}))
		})
		if _, err := call(t, app, `{"id":{"$oid":"5f1f216e82df4a7979f9da93"}}`); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(log.String(), "5f1f216e82df4a7979f9da93") && strings.Contains(log.String(), "Error: no"); got != tt.want || (!tt.want && log.Len() > 0) {
			t.Errorf("at %s: %s", tt.level, log.String())
		}
	}
}

func TestCall_LogsAnUnawaitedFailureWithoutItsText(t *testing.T) {
	var log bytes.Buffer
	app := open(t, `exports = async () => { (async () => { throw new Error("about ann") })(); return 1 }`, func(o *functions.Options) {
		o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	})
	if got, err := call(t, app); err != nil || got != `{"$numberLong":"1"}` {
		t.Fatalf("got %s, %v", got, err)
	}
	if !strings.Contains(log.String(), "nobody awaits") || strings.Contains(log.String(), "ann") {
		t.Errorf("logged %q", log.String())
	}
}

// No source makes the engine panic, or outlive its time.
func FuzzOpen_NoSourceBreaksTheEngine(f *testing.F) {
	for _, source := range []string{
		`exports = (a) => a`, `exports = async () => { await null; throw {} }`, `exports = () => { throw null }`, `exports = () => Symbol()`,
		`exports = () => new Proxy({}, {ownKeys() { return ["a"] }, get() { throw 1 }})`, `module = null`, `exports = class {}`,
		`exports = () => { const a = {}; a.a = a; return a }`, `exports = () => [,,1n, NaN, -0, /a/gy, new Date(NaN)]`,
		`Object.prototype.then = 1; exports = async () => ({})`, `BSON.Long.prototype.toString = null; exports = () => BSON.Long(1)`,
		`exports = () => Object.create(BSON.Long.prototype)`, `exports = () => Object.create(BSON.Binary.prototype)`,
		`exports = () => ({ get stack() { return 1 }, __proto__: Error.prototype })`, `context.http.get(1); exports = () => context`,
		`exports = () => { throw Object.create(null) }`, `JSON.parse = 1; exports = () => EJSON.parse('{"$symbol":"a"}').toJSON()`,
		`exports = () => new Date(8.64e15 + 1)`, `exports = () => { setTimeout(() => { throw 1 }, 0) }`, `exports = () => console.log({}, Symbol(), null)`,
		`exports = () => context.services.get("mongodb-atlas").db().collection().find({}, null).next()`,
	} {
		f.Add(source)
	}
	f.Fuzz(func(t *testing.T, source string) {
		app, err := functions.Open(functions.Options{Functions: map[string]string{"f": source}, Timeout: time.Second, Database: fixed(`{"ok":1}`)})
		if err != nil {
			return
		}
		result, err := app.Call(t.Context(), functions.Call{Function: "f", Args: []json.RawMessage{[]byte(`{"$oid":"5f1f216e82df4a7979f9da93"}`)}})
		if errors.Is(err, functions.ErrInternal) {
			t.Errorf("the engine failed")
		}
		if err == nil && !json.Valid(result) {
			t.Errorf("got %s, want JSON", result)
		}
	})
}

func BenchmarkCall(b *testing.B) {
	app := open(b, documented, func(o *functions.Options) { o.Database = fixed(`{"ok":1,"n":1}`) })
	request := functions.Call{Function: "f", Args: []json.RawMessage{[]byte(`{"id":"5f1f216e82df4a7979f9da93","data":{}}`)}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := app.Call(b.Context(), request); err != nil {
			b.Fatal(err)
		}
	}
}

// Functions of App Services could use packages of npm. Who wrote them hears where
// they do.
func TestRequire_NamesTheModule(t *testing.T) {
	for name, source := range map[string]string{
		"at the top": "// a comment\nconst axios = require(\"axios\");\nexports = () => 1",
		"within":     "exports = async () => {\n  const axios = require(`axios`);\n}",
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			app := open(t, source, func(o *functions.Options) { o.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
			_, err := call(t, app)
			e, ok := errors.AsType[*functions.Error](err)
			if !ok || e.Name != "Error" || e.Message != `require("axios"): there are no modules, of Node or npm` || !strings.HasPrefix(e.Stack, "at f.js:2:") {
				t.Errorf("got %+v", e)
			}
			if text := log.String(); !strings.Contains(text, "function=f module=axios at=f.js:2") || !strings.Contains(text, "put the code into the function") {
				t.Errorf("the log says %s", text)
			}
		})
	}
}

type faulty struct{}

func (faulty) Command(context.Context, string, json.RawMessage) (json.RawMessage, error) {
	panic("hunter2")
}

func TestMongoDB_PanicIsThrown(t *testing.T) {
	var log bytes.Buffer
	app := open(t, `exports = () => context.services.get("mongodb-atlas").db("a").collection("b").findOne()`,
		func(o *functions.Options) { o.Database, o.Logger = faulty{}, slog.New(slog.NewTextHandler(&log, nil)) })
	_, err := call(t, app)
	e, ok := errors.AsType[*functions.Error](err)
	if !ok || e.Message != "the JavaScript engine failed" || !strings.Contains(log.String(), "Command") || strings.Contains(log.String(), "hunter2") {
		t.Errorf("got %v, log %s", err, &log)
	}
}
