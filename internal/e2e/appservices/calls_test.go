package appservices_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/internal/demo/appservices"
)

const (
	settingsOfCalls = "access: {functions: true, timeout: 3s, per_minute: 1000}\n"
	collectionInJS  = `context.services.get("mongodb-atlas").db("myapp").collection("users")`
)

// A user calls functions as an SDK does, on FerretDB.
func TestCalls_RunFunctionsAsAppServicesDid(t *testing.T) {
	t.Parallel()
	sidecar := startCallable(t, settingsOfCalls, map[string]string{
		"config.json": `[
  {"name": "sum", "private": false, "can_evaluate": {}},
  {"name": "secret", "private": true},
  {"name": "teamOnly", "can_evaluate": {"%%user.custom_data.team": "red"}},
  {"name": "join", "run_as_system": true},
  {"name": "mine", "run_as_system": false}
]`,
		"sum.js":      "exports = function (...n) { return n.reduce((a, b) => a + b, 0) }",
		"secret.js":   "exports = () => 1",
		"unlisted.js": "exports = () => 1",
		"teamOnly.js": "exports = () => context.user.custom_data",
		"join.js":     `exports = async (team) => { await ` + collectionInJS + `.updateOne({user_account_id: context.user.id}, {$set: {team}}, {upsert: true}) }`,
		"mine.js":     `exports = () => ` + collectionInJS + `.find({}).toArray()`,
	})
	anna := sidecar.logIn(t, "anna@example.com")
	for _, step := range []struct {
		name   string
		args   []string
		status int
		want   string // the body, or a part of it if the status is not 200
	}{
		{"sum", []string{"1", `{"$numberLong":"2"}`}, 200, `{"$numberLong":"3"}`},
		{"secret", nil, 404, "function not found: 'secret'"},
		{"unlisted", nil, 404, "function not found: 'unlisted'"},
		{"teamOnly", nil, 403, `rule not matched for function \"teamOnly\"`},
		{"mine", nil, 403, "no rule exists for namespace 'myapp.users'"},
		{"join", []string{`"red"`}, 200, "null"},
		{"teamOnly", nil, 200, `"team":"red"`},
	} {
		status, body := anna.call(anna.access, step.name, step.args...)
		if status != step.status || !strings.Contains(body, step.want) {
			t.Errorf("%s%v: got %d %s, want %d %s", step.name, step.args, status, body, step.status, step.want)
		}
	}
	if status := anna.refreshCustomData(); status != 201 || anna.customData()["team"] != "red" {
		t.Errorf("the refresh after the call: got %d %v, want the team red", status, anna.customData())
	}
	anna.logIn("anna@example.com")
	if anna.customData()["team"] != "red" {
		t.Errorf("the login after the call: got %v, want the team red", anna.customData())
	}
}

// The SDKs refresh an expired token and try again. A refresh token is not one for calls.
func TestCalls_ExpiredTokensAreRefreshed(t *testing.T) {
	t.Parallel()
	sidecar := startCallable(t, settingsOfCalls, map[string]string{"config.json": `[{"name":"one"}]`, "one.js": "exports = () => true"})
	anna := sidecar.logIn(t, "anna@example.com")
	if status, body := anna.call(expired(appservices.Users["anna@example.com"]), "one"); status != 401 || codeOf(body) != "InvalidSession" {
		t.Errorf("an expired token: got %d %s, want 401 InvalidSession", status, body)
	}
	if status := anna.refreshCustomData(); status != 201 {
		t.Fatalf("the refresh: got %d, want 201", status)
	}
	if status, body := anna.call(anna.access, "one"); status != 200 || body != "true" {
		t.Errorf("the refreshed token: got %d %s, want 200 true", status, body)
	}
	for name, token := range map[string]string{"a refresh token": anna.refresh, "a forged token": anna.access + "x", "no token": ""} {
		if status, body := anna.call(token, "one"); status != 403 {
			t.Errorf("%s: got %d %s, want 403", name, status, body)
		}
	}
}

// A function that does not end costs one call, and the next one works.
func TestCalls_EndAtTheirLimits(t *testing.T) {
	t.Parallel()
	sidecar := startCallable(t, settingsOfCalls, map[string]string{
		"config.json": `[{"name":"endless"},{"name":"regexp"},{"name":"hog"},{"name":"one"}]`,
		"endless.js":  "exports = () => { for (;;); }",
		"regexp.js":   `exports = () => /^(?=(a+)+$)b?\1$/.test("a".repeat(40) + "!")`,
		"hog.js":      "exports = () => { const all = []; for (;;) all.push(new Uint8Array(1 << 20)); }",
		"one.js":      "exports = () => true",
	})
	anna := sidecar.logIn(t, "anna@example.com")
	for name, code := range map[string]string{"endless": "ExecutionTimeLimitExceeded", "regexp": "ExecutionTimeLimitExceeded", "hog": "FunctionExecutionError"} {
		began := time.Now()
		if status, body := anna.call(anna.access, name); status != 400 || codeOf(body) != code || time.Since(began) > 10*time.Second {
			t.Errorf("%s: got %d %s after %s, want 400 %s", name, status, body, time.Since(began), code)
		}
		if status, body := anna.call(anna.access, "one"); status != 200 {
			t.Errorf("the call after %s: got %d %s, want 200", name, status, body)
		}
	}
}

// A hundred calls of one user, which take all the time that they may, leave the processes
// of user_creation alone.
func TestCalls_DoNotDelayLogins(t *testing.T) {
	t.Parallel()
	sidecar := startCallable(t, settingsOfCalls+"user_creation: {function: create}\n", map[string]string{
		"config.json": `[{"name":"busy"}]`,
		"busy.js":     `exports = async () => { await context.http.get({url: "GATE"}); for (const end = Date.now() + 2000; Date.now() < end;); }`,
		"create.js":   `exports = async (user) => { await ` + collectionInJS + `.insertOne({user_account_id: user.id, fresh: true}) }`,
	})
	anna := sidecar.logIn(t, "anna@example.com")
	var calls sync.WaitGroup
	for range 100 {
		calls.Go(func() {
			// A call that has waited may have too little time left.
			if status, body := anna.call(anna.access, "busy"); status != 200 && status != 429 && status != 503 && codeOf(body) != "ExecutionTimeLimitExceeded" {
				t.Errorf("a call: got %d %s, want 200, 429, 503, or the end of its time", status, body)
			}
		})
	}
	<-sidecar.gate.arrived // a call runs, and others wait for it
	close(sidecar.gate.open)
	for _, user := range []string{"ben@example.com", "carl@example.com"} {
		began := time.Now()
		if s := sidecar.logIn(t, user); s.customData()["fresh"] != true || time.Since(began) > 3*time.Second {
			t.Errorf("a first login of %s: got %v after %s, want a fresh document within 3 s", user, s.customData(), time.Since(began))
		}
	}
	calls.Wait()
}

// The files of functions and permissions apply when they change.
func TestCalls_FollowThePermissions(t *testing.T) {
	t.Parallel()
	sidecar := startCallable(t, settingsOfCalls, map[string]string{"one.js": "exports = () => true", "config.json": `[{"name":"one","private":true}]`})
	anna := sidecar.logIn(t, "anna@example.com")
	if status, body := anna.call(anna.access, "one"); status != 404 {
		t.Errorf("a private function: got %d %s, want 404", status, body)
	}
	sidecar.Log.After(t, "configuration reloaded", func() {
		write(t, sidecar.functions, "config.json", `[{"name":"one","private":false}]`)
	})
	if status, body := anna.call(anna.access, "one"); status != 200 {
		t.Errorf("after the change: got %d %s, want 200", status, body)
	}
}

// A call that has started ends before the sidecar does, and a reload does not end it either.
func TestCalls_EndAfterAReloadAndAStop(t *testing.T) {
	t.Parallel()
	sidecar := startCallable(t, "access: {functions: true, timeout: 30s}\n", map[string]string{
		"config.json": `[{"name":"waits"}]`,
		"waits.js":    `exports = async () => { await context.http.get({url: "GATE"}); return "done" }`,
	})
	anna := sidecar.logIn(t, "anna@example.com")
	var call sync.WaitGroup
	call.Go(func() {
		if status, body := anna.call(anna.access, "waits"); status != 200 || body != `"done"` {
			t.Errorf("the call: got %d %s, want 200 and its result", status, body)
		}
	})
	<-sidecar.gate.arrived
	sidecar.Log.After(t, "configuration reloaded", func() {
		write(t, sidecar.functions, "config.json", `[{"name":"waits","private":true}]`)
	})
	sidecar.Log.After(t, `"msg":"stopping"`, sidecar.Terminate)
	close(sidecar.gate.open)
	call.Wait()
	if code := sidecar.Wait(); code != 0 {
		t.Errorf("exit code: got %d, want 0", code)
	}
	if sidecar.Log.Warned("were ended") {
		t.Errorf("the log: want no functions that were ended, got\n%s", sidecar.Log)
	}
}

// write writes a file in a directory.
func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(fmt.Errorf("%s: %w", name, err))
	}
}
