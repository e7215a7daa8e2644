package functions_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/internal/appservices/functions"
)

func TestLimits_StopAFunctionAtItsTimeOrStackLimit(t *testing.T) {
	for _, tt := range []struct {
		name, source string
		want         error
	}{
		{"a loop", `exports = () => { while (true) {} }`, functions.ErrTime},
		{"a loop that catches", `exports = () => { for (;;) try { while (true) {} } catch (e) {} finally { for (;;); } }`, functions.ErrTime},
		{"a loop after an await", `exports = async () => { await null; while (true) {} }`, functions.ErrTime},
		{"endless promise jobs", `exports = () => { const again = () => Promise.resolve().then(again); return again() }`, functions.ErrTime},
		{"a loop at the top of the source", `while (true) {}`, functions.ErrTime},
		{"a loop in a getter of the result", `exports = () => ({ get a() { while (true) {} } })`, functions.ErrTime},
		{"a loop in toString of the error", `exports = () => { throw { toString() { while (true) {} } } }`, functions.ErrTime},
		{"a wait for a timer", `exports = () => new Promise((done) => setTimeout(done, 60000))`, functions.ErrTime},
		{"a database that does not answer", `exports = () => context.services.get("mongodb-atlas").db("a").collection("b").findOne()`, functions.ErrTime},
		{"recursion", `exports = function f() { return f() + 1 }`, functions.ErrStack},
		{"recursion through a built-in", `exports = function f() { return [1].map(f) }`, functions.ErrStack},
		{"functions that execute each other", `exports = () => context.functions.execute("f")`, functions.ErrStack},
	} {
		t.Run(tt.name, func(t *testing.T) {
			app := open(t, tt.source, func(o *functions.Options) {
				o.Timeout, o.Memory, o.Database = 200*time.Millisecond, 1<<30, silent{}
				if tt.want == functions.ErrStack {
					o.Timeout = functions.MaxTimeout
				}
			})
			got, err := call(t, app)
			if !errors.Is(err, tt.want) {
				t.Errorf("got %s, %v; want %v", got, err, tt.want)
			}
		})
	}
}

// silent is a database that does not answer.
type silent struct{}

func (silent) Command(ctx context.Context, _ string, _ json.RawMessage) (json.RawMessage, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestLimits_StopAFunctionAtItsMemoryLimit(t *testing.T) {
	for _, tt := range []struct{ name, source string }{
		{"an array that grows", `exports = () => { const a = []; for (;;) a.push({}) }`},
		{"a string that doubles", `exports = () => { let s = "x"; for (;;) s += s }`},
		{"objects within objects", `exports = () => { let a = []; for (;;) a = [a] }`},
		{"a map that grows", `exports = async () => { await null; const m = new Map(); for (let i = 0;; i++) m.set(i, "x" + i) }`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			app := open(t, tt.source, func(o *functions.Options) { o.Timeout, o.Memory = functions.MaxTimeout, 16<<20 })
			if got, err := call(t, app); !errors.Is(err, functions.ErrMemory) {
				t.Errorf("got %s, %v; want %v", got, err, functions.ErrMemory)
			}
		})
	}
}

func TestLimits_RefuseALargeAllocationInOneStep(t *testing.T) {
	for _, source := range []string{
		`"x".repeat(1e9)`, `"x".padStart(1e9)`, `"x".padEnd(1e9)`, `new Array(1e9).fill(0)`, `Array(4e9)`,
		`Array.from({length: 1e9})`, `new ArrayBuffer(8e9)`, `new Uint8Array(8e9)`, `new Float64Array(1e9)`, `new [].constructor(1e9)`,
		`JSON.parse("[".repeat(1e6))`,
	} {
		app := open(t, `exports = () => { try { `+source+`; return "made" } catch (e) { return e.name } }`)
		if got, err := call(t, app); err != nil || got != `"RangeError"` {
			t.Errorf("%s: got %s, %v; want a RangeError", source, got, err)
		}
	}
}

func TestLimits_BoundOperationsAndTraffic(t *testing.T) {
	large := strings.Repeat("x", 1<<20)
	for _, tt := range []struct{ name, body, want string }{
		{"operations", `for (let i = 0; i < 1001; i++) await c.findOne()`, "1000 operations"},
		{"bytes that are read", `for (let i = 0; i < 40; i++) await c.findOne()`, "32 MiB"},
		{"bytes that are written", `const x = "x".repeat(1 << 20); for (let i = 0; i < 40; i++) await c.insertOne({x})`, "32 MiB"},
		{"a result", `return Array(40).fill("x".repeat(1 << 20))`, "32 MiB"},
		{"documents", `return await c.find().toArray()`, "more documents"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			reply := `{"ok":1,"cursor":{"id":{"$numberLong":"7"},"firstBatch":[]}}`
			if tt.name == "bytes that are read" {
				reply = `{"ok":1,"cursor":{"id":{"$numberLong":"0"},"firstBatch":["` + large + `"]}}`
			}
			app := open(t, `exports = async () => { const c = context.services.get("mongodb-atlas").db("a").collection("b"); `+tt.body+` }`,
				func(o *functions.Options) {
					o.Database, o.Timeout, o.Memory = fixed(reply), functions.MaxTimeout, 1<<30
				})
			_, err := call(t, app)
			var e *functions.Error
			if !errors.As(err, &e) || !strings.Contains(e.Message, tt.want) {
				t.Errorf("got %v, want a message with %q", err, tt.want)
				explain(t, err)
			}
		})
	}
}

// fixed is a database that always sends the same reply.
type fixed string

func (f fixed) Command(context.Context, string, json.RawMessage) (json.RawMessage, error) {
	return json.RawMessage(f), nil
}

func TestCall_SharesNoStateWithOtherCalls(t *testing.T) {
	app := open(t, `let seen = 0;
exports = (user) => {
	const before = [seen++, ({}).polluted, [].concat.own, globalThis.left, typeof BSON.extra, context.values.get("v").n, JSON.stringify({a: 1})];
	Object.prototype.polluted = user; Array.prototype.concat.own = user; globalThis.left = user; BSON.extra = user;
	context.values.get("v").n++; context.values.get = () => ({n: 9}); JSON.stringify = () => user;
	Promise.prototype.then = null;
	return before;
}`, func(o *functions.Options) { o.Values = map[string]json.RawMessage{"v": []byte(`{"n":1}`)} })
	want := `[{"$numberLong":"0"},null,null,null,"undefined",{"$numberLong":"1"},"{\"a\":1}"]`
	for _, user := range []string{`"ann"`, `"bob"`} {
		if got, err := call(t, app, user); err != nil || got != want {
			t.Errorf("%s: got %s, %v; want %s", user, got, err, want)
		}
	}
}

func TestCall_CannotUseFilesProcessesOrCodeFromStrings(t *testing.T) {
	for _, tt := range []struct{ expression, want string }{
		{`eval("1")`, "TypeError"},
		{`(0, eval)("1")`, "TypeError"},
		{`new Function("return 1")()`, "TypeError"},
		{`(() => 1).constructor("return 1")()`, "TypeError"},
		{`(async () => 1).constructor("return 1")()`, "TypeError"},
		{`(function* () {}).constructor("yield 1")()`, "TypeError"},
		{`require("fs")`, "Error"},
		{`process.env`, "ReferenceError"},
		{`fetch("http://127.0.0.1")`, "ReferenceError"},
	} {
		app := open(t, `exports = () => { try { return `+tt.expression+` } catch (e) { return e.name } }`)
		if got, err := call(t, app); err != nil || got != `"`+tt.want+`"` {
			t.Errorf("%s: got %s, %v; want a %s", tt.expression, got, err, tt.want)
		}
	}
}

func TestCall_IsIsolatedFromConcurrentCalls(t *testing.T) {
	app := open(t, `exports = async (n) => { globalThis.n = n; await new Promise((done) => setTimeout(done, n % 3)); return globalThis.n }`,
		func(o *functions.Options) { o.Timeout, o.Processes = functions.MaxTimeout, 4 })
	var wait sync.WaitGroup
	for i := range 40 {
		wait.Go(func() {
			arg := fmt.Sprintf(`{"$numberLong":"%d"}`, i)
			got, err := app.Call(t.Context(), functions.Call{Function: "f", Args: []json.RawMessage{[]byte(arg)}})
			if err != nil || string(got) != arg {
				t.Errorf("got %s, %v; want %s", got, err, arg)
			}
		})
	}
	wait.Wait()
}

func TestCall_StopsWithItsCaller(t *testing.T) {
	app := open(t, `exports = () => { while (true) {} }`, func(o *functions.Options) { o.Timeout = functions.MaxTimeout })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := app.Call(ctx, functions.Call{Function: "f"}); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, functions.ErrTime) {
		t.Errorf("got %v, want the caller's deadline", err)
	}
}

func TestCall_FailsAtOnceIfAPromiseIsNeverSettled(t *testing.T) {
	app := open(t, `exports = () => new Promise(() => {})`, func(o *functions.Options) { o.Timeout = functions.MaxTimeout })
	_, err := call(t, app)
	if err == nil || errors.Is(err, functions.ErrTime) || !strings.Contains(err.Error(), "never settled") {
		t.Errorf("got %v, want an error about a promise that is never settled", err)
	}
}

// The replies of MongoDB are in the sidecar's memory, so a function cannot have many of
// them there at once.
func TestLimits_BoundTheCommandsThatRunAtATime(t *testing.T) {
	database := &counting{}
	app := open(t, `exports = async () => {
		const c = context.services.get("mongodb-atlas").db("a").collection("b");
		return (await Promise.all(Array(40).fill(0).map(() => c.findOne()))).length;
	}`, func(o *functions.Options) { o.Database, o.Timeout = database, functions.MaxTimeout })
	if got, err := call(t, app); err != nil || got != `{"$numberLong":"40"}` {
		t.Errorf("got %s, %v; want 40 replies", got, err)
	}
	if database.most > 2 {
		t.Errorf("%d commands ran at a time, want at most 2", database.most)
	}
}

// counting is a database that counts how many commands run at a time.
type counting struct {
	mu            sync.Mutex
	running, most int
}

func (c *counting) Command(context.Context, string, json.RawMessage) (json.RawMessage, error) {
	c.add(1)
	defer c.add(-1)
	time.Sleep(time.Millisecond) // so that others run at the same time, if they may
	return json.RawMessage(`{"ok":1,"cursor":{"id":{"$numberLong":"0"},"firstBatch":[]}}`), nil
}

func (c *counting) add(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running += n
	c.most = max(c.most, c.running)
}
