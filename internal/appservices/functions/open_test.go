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
		t.Fatal("Open of four broken functions: no error, want one")
	}
	for _, want := range []string{"first.js:1:48: ", "third.js:3:22: ", "unclosed.js:2:1: ", "later.js:2:7: "} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("want %q in the error, got\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "good.js") {
		t.Errorf("good.js: want no fault, got\n%v", err)
	}
}

func TestOpen_ReportsAllWrongOptionsAtOnce(t *testing.T) {
	o := functions.Options{Timeout: time.Hour, Memory: -1, Values: map[string]json.RawMessage{"key": []byte(`"secret`)}}
	o.Environment.Values = map[string]json.RawMessage{"url": nil}
	_, err := functions.Open(o)
	for _, want := range []string{"timeout", "memory", `value "key"`, `environment value "url"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q in the error, got %v", want, err)
		}
	}
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("want an error that does not quote a value, got %v", err)
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
	t.Cleanup(func() { app.Close(context.Background()) })
	got, err := app.Call(t.Context(), functions.Call{Function: "difference", Args: []json.RawMessage{[]byte("5"), []byte("3")}})
	if err != nil || string(got) != `"d2"` {
		t.Errorf("got %s, %v; want d2", got, err)
	}
	for name, want := range map[string]string{"missing": "function not found: 'nothing'", "empty": "does not export a function"} {
		_, err := app.Call(t.Context(), functions.Call{Function: name})
		var e *functions.Error
		if !errors.As(err, &e) || !strings.Contains(e.Message, want) {
			t.Errorf("%s: got %v, want a message with %q", name, err, want)
		}
	}
	_, err = app.Call(t.Context(), functions.Call{Function: "nothing"})
	var e *functions.Error
	if !errors.As(err, &e) || !errors.Is(err, functions.ErrNoFunction) || e.Code != "FunctionNotFound" {
		t.Errorf("call of an unknown function: got %v, want ErrNoFunction with code FunctionNotFound", err)
	}
}

func TestContext_HasWhatTheCallerPasses(t *testing.T) {
	app := open(t, `exports = () => [context.user.id, context.user.custom_data.at instanceof Date, context.request.remoteIPAddress, context.runningAsSystem(), context.app.name]`,
		func(o *functions.Options) { o.App = json.RawMessage(`{"name":"myapp"}`) })
	got, err := app.Call(t.Context(), functions.Call{Function: "f", System: true,
		User:    json.RawMessage(`{"id":"u1","custom_data":{"at":{"$date":"2020-01-01T00:00:00Z"}}}`),
		Request: json.RawMessage(`{"remoteIPAddress":"192.0.2.1"}`)})
	if want := `["u1",true,"192.0.2.1",true,"myapp"]`; err != nil || string(got) != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
}

func TestConsole_LogsOnlyAtDebugLevel(t *testing.T) {
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
			t.Errorf("log level %s: want text of the console %v, got %q", tt.level, tt.want, log.String())
		}
	}
}

func TestCall_LogsAnUnawaitedFailureWithoutItsText(t *testing.T) {
	var log bytes.Buffer
	app := open(t, `exports = async () => { (async () => { throw new Error("about ann") })(); return 1 }`, func(o *functions.Options) {
		o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	})
	if got, err := call(t, app); err != nil || got != `{"$numberLong":"1"}` {
		t.Fatalf("got %s, %v; want 1", got, err)
	}
	if !strings.Contains(log.String(), "does not await it") || strings.Contains(log.String(), "ann") {
		t.Errorf("want a warning about the missing await, without the text that was thrown, got %q", log.String())
	}
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

// Functions of App Services could use npm packages. The error and the log say where
// they do.
func TestRequire_NamesTheModuleAndItsPosition(t *testing.T) {
	for name, source := range map[string]string{
		"at the top": "// a comment\nconst axios = require(\"axios\");\nexports = () => 1",
		"within":     "exports = async () => {\n  const axios = require(`axios`);\n}",
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			app := open(t, source, func(o *functions.Options) { o.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
			_, err := call(t, app)
			e, ok := errors.AsType[*functions.Error](err)
			if !ok || e.Name != "Error" || e.Message != `require("axios"): Node and npm modules are not available` || !strings.HasPrefix(e.Stack, "at f.js:2:") {
				t.Errorf("got %+v, want an Error about axios at f.js:2", e)
			}
			if text := log.String(); !strings.Contains(text, "function=f module=axios at=f.js:2") || !strings.Contains(text, "put the code into the function") {
				t.Errorf("want a warning about axios at f.js:2 with advice, got %s", text)
			}
		})
	}
}

type faulty struct{}

func (faulty) Command(context.Context, string, json.RawMessage) (json.RawMessage, error) {
	panic("hunter2")
}

func TestMongoDB_ThrowsIfTheDatabasePanics(t *testing.T) {
	var log bytes.Buffer
	app := open(t, `exports = () => context.services.get("mongodb-atlas").db("a").collection("b").findOne()`,
		func(o *functions.Options) { o.Database, o.Logger = faulty{}, slog.New(slog.NewTextHandler(&log, nil)) })
	_, err := call(t, app)
	e, ok := errors.AsType[*functions.Error](err)
	if !ok || e.Message != "the JavaScript engine failed" || !strings.Contains(log.String(), "Command") || strings.Contains(log.String(), "hunter2") {
		t.Errorf("got %v, log %s; want ErrInternal, and a stack without the value of the panic", err, &log)
	}
}
