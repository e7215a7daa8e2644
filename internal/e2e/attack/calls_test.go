package attack_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

var (
	closedFunctions = kind{"functions that are not open", "I1"}
	spoofedUser     = kind{"another user in a call", "I2"}
	pollution       = kind{"prototype pollution", "I10"}
	heavyCalls      = kind{"calls that take too much", "I10"}
)

// callPath is the path of calls of an app.
const callPath = "/api/client/v2.0/app/myapp-abcde/functions/call"

// callable are the functions of an app, and who may call them.
var callable = map[string]string{
	"config.json": `[{"name":"echo"},{"name":"whoami"},{"name":"merge"},{"name":"poison"},{"name":"clean"},{"name":"mine"},{"name":"large"},{"name":"endless"},{"name":"forever"},
  {"name":"secret","private":true},{"name":"runAs","run_as_user_id":"hush-anna"},{"name":"duplicate","run_as_system":true},
  {"name":"all","run_as_system":true,"can_evaluate":{"%%user.custom_data.plan":"pro"}},
  {"name":"office","can_evaluate":{"%%request.remoteIPAddress":"203.0.113.9"}},
  {"name":"broken","can_evaluate":{"%%true":{"%function":{"name":"secret","arguments":["%%user.id"]}}}}]`,
	"echo.js":      "exports = (...values) => values",
	"whoami.js":    "exports = () => context.user.id + ' ' + context.user.custom_data.mark + ' ' + context.runningAsSystem()",
	"secret.js":    "exports = () => 'hush of anna'",
	"unlisted.js":  "exports = () => 'hush of anna'",
	"runAs.js":     "exports = () => 'hush of anna'",
	"office.js":    "exports = () => 'hush of anna'",
	"broken.js":    "exports = () => 'hush of anna'",
	"all.js":       "exports = () => " + usersInJS + ".find({}).toArray()",
	"mine.js":      "exports = () => " + usersInJS + ".find({}).toArray()",
	"duplicate.js": "exports = () => " + usersInJS + ".insertOne({_id: 'hush-a', id: 'hush-anna'})",
	"large.js":     "exports = () => 'x'.repeat(5 << 20)",
	"endless.js":   "exports = () => { for (;;) try { for (;;); } finally { continue } }",
	"forever.js":   "exports = async () => { for (;;) await null }",
	// A mistake that many functions have. It must end with its call.
	"merge.js": `const merge = (into, from) => { for (const k in from) into[k] = typeof from[k] === "object" ? merge(into[k] || {}, from[k]) : from[k]; return into }
exports = (o) => { merge({}, o); return ({}).admin }`,
	"poison.js": `exports = () => { globalThis.admin = true; Object.prototype.admin = true; Array.prototype.map = () => "evil"; context.user.id = "evil";
  context.functions.execute = () => "evil"; EJSON.stringify = () => "evil"; context.services.get = () => "evil"; return ({}).admin }`,
	"clean.js": `exports = () => typeof admin + [1].map(String) + ({}).admin + EJSON.stringify("x") + typeof context.services.get("mongodb-atlas").db`,
}

const usersInJS = `context.services.get("mongodb-atlas").db("app").collection("users")`

// ownersOnly are roles with which users reach their own document only.
const ownersOnly = `{"database":"app","collection":"users","filters":[],"roles":[{"name":"owner","apply_when":{"id":"%%user.id"},
	"document_filters":{"read":true,"write":true},"read":true,"write":true,"insert":true,"delete":true}]}`

// callTimeout is the time of a call.
const callTimeout = 3 * time.Second

// A callAttack sends calls to a target.
type callAttack struct {
	*target
	issuer  *enrichtest.Issuer
	backend *e2e.Backend
}

// startCalls starts a sidecar, as a process, whose users may call functions. FerretDB has
// the documents.
func (s *suite) startCalls(t *testing.T, uri string, perMinute int, rules, more string) callAttack {
	t.Helper()
	issuer := enrichtest.NewIssuer(t, "ES256")
	backend := startBackend(t, issuer)
	documents := `documents: {mongodb: {uri: "` + uri + `", database: app, collection: users, timeout: 5s, watch: "off"}, user_id_field: id}`
	configuration := strings.Replace(usual(backend.URL), "documents: {file: users.json, user_id_field: id}", documents, 1) +
		fmt.Sprintf("functions: {dir: functions}\naccess: {functions: true, roles: rules.json, origins: [https://app.example.com], timeout: %s, processes: 2, per_minute: %d}\n%s", callTimeout, perMinute, more)
	files := map[string]string{"rules.json": rules}
	for name, text := range callable {
		files["functions/"+name] = text
	}
	tg := &target{suite: s}
	tg.Sidecar = e2e.Start(t, e2e.Options{Configuration: configuration, Files: files, Program: e2e.Tokengraft, Env: []string{"LOG_LEVEL=debug"}, Log: s.lookAtLog})
	t.Cleanup(func() { tg.checkMetrics(t) })
	tg.waitReady(t)
	return callAttack{tg, issuer, backend}
}

// attackCalls checks that users call only what they may, and that no call harms another. It
// needs MongoDB.
func (s *suite) attackCalls(t *testing.T) {
	uri := inMongo(t, []string{
		`{"_id":"hush-a","id":"hush-anna","mark":"hush of anna","plan":"pro"}`, `{"_id":"hush-m","id":"hush-mallory","mark":"hush of mallory","plan":"free"}`,
	})
	a := s.startCalls(t, uri, 300, ownersOnly, "")
	a.awaitCalls(t, mallory)
	for _, row := range callRows {
		s.run(t, row.kind, row.sends, func(t *testing.T) (happens string) { return a.run(t, row) })
	}
	s.attackCallers(t, a)
	for _, row := range pollutionRows {
		s.run(t, pollution, row.sends, func(t *testing.T) (happens string) { return a.pollute(t, row.body) })
	}
	s.run(t, heavyCalls, "half a million small values, 12 times at once", a.amplify)
	for _, function := range []string{"endless", "forever"} {
		s.run(t, heavyCalls, "the function "+function+", several times at once", func(t *testing.T) (happens string) { return a.spin(t, function) })
	}
	if reply := a.as(t, mallory, `{"name":"whoami","arguments":[]}`); reply.Body != `"hush-mallory hush of mallory false"` {
		t.Errorf("Mallory's own call: got %d %s, want Mallory's id", reply.Status, reply.Body)
	}
}

// A callRow is the body of a call as Mallory.
type callRow struct {
	kind
	sends, body, want string // want is a status and the start of a body; bars separate several
}

func named(name string) string { return fmt.Sprintf(`{"name":%q,"arguments":[]}`, name) }

var callRows = []callRow{
	{closedFunctions, "the private function", named("secret"), "404"},
	{closedFunctions, "a function without an entry", named("unlisted"), "404"},
	{closedFunctions, "a function with run_as_user_id", named("runAs"), "404"},
	{closedFunctions, "one whose can_evaluate is false", named("all"), "403"},
	{closedFunctions, "one whose can_evaluate fails", named("broken"), "403"},
	{closedFunctions, "a function that does not exist", named("nothing"), "404"},
	{closedFunctions, "names in other spellings", named("Whoami"), "404"},
	{closedFunctions, "whoami.js", named("whoami.js"), "404"},
	{closedFunctions, "../functions/whoami", named("../functions/whoami"), "404"},
	{closedFunctions, "__proto__", named("__proto__"), "404"},
	{closedFunctions, "constructor", named("constructor"), "404"},
	{closedFunctions, "config", named("config"), "404"},
	{closedFunctions, `whoami\u0000`, `{"name":"whoami\u0000","arguments":[]}`, "404"},
	{closedFunctions, "a list of names", `{"name":["whoami","secret"],"arguments":[]}`, "400"},
	{closedFunctions, "a name of 300 bytes", named(strings.Repeat("a.", 150)), "400"},
	{closedFunctions, "two names", `{"name":"whoami","name":"secret","arguments":[]}`, "400"},
	{closedFunctions, "two names, one escaped", `{"name":"whoami","n\u0061me":"secret","arguments":[]}`, "400"},
	{closedFunctions, "two services, one escaped", `{"name":"find","service":"x","\u0073ervice":"mongodb-atlas","arguments":[]}`, "400"},
	{closedFunctions, "run_as_system in the body", `{"name":"mine","arguments":[{"run_as_system":true}],"run_as_system":true,"runAsSystem":true}`, `200 [{"_id":"hush-m"`},
	{closedFunctions, "another service", `{"name":"find","service":"http","arguments":[]}`, "404"},
	{closedFunctions, "the service in another case", `{"name":"find","service":"MongoDB-Atlas","arguments":[]}`, "404"},
	{spoofedUser, "user, context and identity in the body", `{"name":"whoami","arguments":[{"user":{"id":"hush-anna"}}],"user":{"id":"hush-anna"},"user_id":"hush-anna","context":{"user":{"id":"hush-anna"}}}`, `200 "hush-mallory hush of mallory false"`},
	{spoofedUser, "X-User-Id and X-Forwarded-User", named("whoami"), `200 "hush-mallory hush of mallory false"`},
	{spoofedUser, "the address of another in X-Forwarded-For and Forwarded", named("office"), "403"},
	{closedFunctions, "all documents, by a function that runs as its caller", named("mine"), `200 [{"_id":"hush-m"`},
	{heavyCalls, "a duplicate key, whose error has a value", named("duplicate"), "500"},
	{heavyCalls, "a result of 5 MiB", named("large"), "400"},
	{heavyCalls, "101 arguments", `{"name":"echo","arguments":[1` + strings.Repeat(",1", 100) + `]}`, "400"},
	{heavyCalls, "a body of 1 MiB and more", `{"name":"echo","arguments":["` + strings.Repeat("x ", 1<<19) + `"]}`, "413"},
	{heavyCalls, "10,000 nested arrays", `{"name":"echo","arguments":` + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000) + `}`, "400"},
	{heavyCalls, "10,000 nested objects", `{"name":"echo","arguments":[` + strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000) + `]}`, "400"},
	{heavyCalls, "a body that ends too early", `{"name":"echo","arguments":[`, "400"},
	{heavyCalls, "two bodies", named("echo") + named("whoami"), "400"},
	{heavyCalls, "invalid UTF-8", "{\"name\":\"echo\",\"arguments\":[\"\xff\xfe\"]}", "400"},
	{heavyCalls, "a number with 400 digits", `{"name":"echo","arguments":[1` + strings.Repeat("0", 400) + `]}`, "200|400"},
}

// as sends a call as a user.
func (a callAttack) as(t *testing.T, user, body string, lines ...string) e2e.Reply {
	t.Helper()
	reply, err := a.tryAs(user, body, lines...)
	if err != nil {
		t.Fatal(err)
	}
	return reply
}

// tryAs is like as, for any goroutine.
func (a callAttack) tryAs(user, body string, lines ...string) (e2e.Reply, error) {
	lines = append([]string{"Content-Type: application/json", "Authorization: Bearer " + a.token(user)}, lines...)
	return a.Public.Try(http.MethodPost, callPath, body, lines...)
}

func (a callAttack) token(user string) string {
	return a.issuer.Token(claimsOf(quoted(user), `,"custom_data":{"plan":"pro"}`))
}

// awaitCalls waits until a call is answered: a new process needs a moment.
func (a callAttack) awaitCalls(t *testing.T, user string) {
	t.Helper()
	e2e.Eventually(t, "a call of "+user+" is answered", func() bool {
		reply, err := a.tryAs(user, named("echo"))
		return err == nil && reply.Status == http.StatusOK
	})
}

func (a callAttack) run(t *testing.T, row callRow) (happens string) {
	reply := a.as(t, mallory, row.body, "X-User-Id: hush-anna", "X-Forwarded-User: hush-anna", "X-Forwarded-For: 203.0.113.9", "Forwarded: for=203.0.113.9", "X-Real-Ip: 203.0.113.9")
	return a.expect(t, reply, row.want)
}

// expect checks that an answer is one of those that are wanted, and that it has the form of
// App Services and nothing of Anna.
func (a callAttack) expect(t *testing.T, reply e2e.Reply, want string) (happens string) {
	t.Helper()
	got := fmt.Sprintf("%d %s", reply.Status, reply.Body)
	if !startsWithOneOf(got, want) {
		t.Errorf("got %.300s, want %s", got, want)
	}
	if strings.Contains(reply.Body, "hush of anna") || strings.Contains(reply.Body, hiddenStreet) {
		t.Errorf("got %.300s, want nothing of others", got)
		return "ANOTHER CAN READ IT"
	}
	header := reply.Header
	if header.Get("Content-Type") != "application/json" || header.Get("X-Content-Type-Options") != "nosniff" || header.Get("Cache-Control") != "no-store" {
		t.Errorf("got the header %v, want exactly application/json, which is neither guessed nor stored", header)
	}
	if reply.Status == http.StatusOK {
		return "200, of one's own"
	}
	a.suite.look("an error", []byte(reply.Body))
	var answer map[string]string
	if err := json.Unmarshal([]byte(reply.Body), &answer); err != nil || len(answer) != 2 || answer["error"] == "" || answer["error_code"] == "" {
		t.Errorf("got %.300s, want an error with error and error_code", got)
	}
	return fmt.Sprintf("%d %s", reply.Status, answer["error_code"])
}

// startsWithOneOf reports whether a text starts with one of several, which are separated by
// bars.
func startsWithOneOf(text, starts string) bool {
	for start := range strings.SplitSeq(starts, "|") {
		if strings.HasPrefix(text, start) {
			return true
		}
	}
	return false
}

// pollutionRows are calls that change the prototypes of their own call. Others must not
// see that.
var pollutionRows = []callRow{
	{sends: "an argument with __proto__", body: `{"name":"merge","arguments":[{"__proto__":{"admin":true}}]}`},
	{sends: "an argument with constructor.prototype", body: `{"name":"merge","arguments":[{"constructor":{"prototype":{"admin":true}}}]}`},
	{sends: "a call that changes every global", body: named("poison")},
}

func (a callAttack) pollute(t *testing.T, body string) (happens string) {
	if reply := a.as(t, mallory, body); reply.Body != "true" {
		t.Errorf("the call of the attacker: got %d %s, want true, so that there is something to see", reply.Status, reply.Body)
	}
	const want = `"undefined1undefined\"x\"function"`
	for _, user := range []string{mallory, anna} {
		if reply := a.as(t, user, named("clean")); reply.Status != http.StatusOK || reply.Body != want {
			t.Errorf("the next call, of %s: got %d %s, want %s", user, reply.Status, reply.Body, want)
			return "OTHERS SEE IT"
		}
	}
	return "ends with the call"
}

// amplify sends bodies that would take much more memory and time than their size.
func (a callAttack) amplify(t *testing.T) (happens string) {
	const mostWait = 10 * time.Second // on a busy machine
	start := time.Now()
	eachOf(12, func() {
		reply, err := a.tryAs(mallory, `{"name":"echo","arguments":[[`+strings.Repeat("1,", 500_000)+`1]]}`)
		if got := fmt.Sprintf("%d %s", reply.Status, reply.Body); err != nil || !startsWithOneOf(got, `413 {"error":"the body has more than 100,000 values|503`) {
			t.Errorf("got %.300s %v, want 413 before the values are parsed, or 503", got, err)
		}
	})
	if took := time.Since(start); took > mostWait {
		t.Errorf("12 bodies took %s, want at most %s", took, mostWait)
	}
	return "413, before they are parsed"
}

// spin calls a function that does not end, as often as there are processes and more. It
// ends in time, and another user can call meanwhile.
func (a callAttack) spin(t *testing.T, function string) (happens string) {
	const mostWait = 4*callTimeout + 10*time.Second // they come one after the other, on a busy machine
	var calls sync.WaitGroup
	start := time.Now()
	for range 3 {
		calls.Go(func() {
			reply, err := a.tryAs(mallory, named(function))
			if err != nil || !startsWithOneOf(fmt.Sprintf("%d %s", reply.Status, reply.Body), `400 {"error":"execution time limit exceeded"|503`) {
				t.Errorf("got %d %s %v, want 400 or 503", reply.Status, reply.Body, err)
			}
		})
	}
	a.awaitCalls(t, anna)
	meanwhile := time.Since(start)
	calls.Wait()
	took := time.Since(start)
	if meanwhile > mostWait || took > mostWait {
		t.Errorf("another user's call was answered after %s, and these ended after %s; want at most %s", meanwhile, took, mostWait)
	}
	a.awaitCalls(t, mallory)
	return "ends with access.timeout; others can call meanwhile"
}
