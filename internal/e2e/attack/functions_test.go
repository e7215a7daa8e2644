package attack_test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

// A functionRow is what a function of the operator does with the data of an attacker. It
// must end with its call, and cost the sidecar nothing after that.
type functionRow struct{ name, does string }

var heavyFunction = kind{"heavy function", "G3"}

var functionRows = []functionRow{
	{"a regular expression that backtracks", `/^(?=(a+)+$)(a+)+$/.test("a".repeat(40) + "!")`},
	{"2n**(2n**40n)", `const a = 2n; a**(a**40n)`},
	{"a.length=4294967295;a.fill(0)", `const a = []; a.length = 4294967295; a.fill(0)`},
	{"an endless loop", `for (;;) try { for (;;); } finally { continue }`},
	{"a text that doubles", `let s = "x"; for (;;) s += s`},
	{"deep recursion", `const f = (a) => [a].map(f); f(1)`},
}

// function returns the source of the function that creates users. The name of the user
// says which row it runs.
func function(rows []functionRow) string {
	var source strings.Builder
	source.WriteString("exports = async (user) => {\n")
	for _, row := range rows {
		fmt.Fprintf(&source, "if (user.data.name === %q) { %s }\n", row.name, row.does)
	}
	source.WriteString(`await context.services.get("mongodb-atlas").db("app").collection("users").insertOne({id: user.id, mark: "new"}) }`)
	return source.String()
}

// attackFunctions checks that functions stop, in a process that can be measured.
func (s *suite) attackFunctions(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("SKIPPED: processors and memory are measured with /proc, which only Linux has")
	}
	issuer := enrichtest.NewIssuer(t, "ES256")
	fromMongo := `documents: {mongodb: {uri: "` + inMongo(t, people) + `", database: app, collection: users, timeout: 5s}, user_id_field: id}`
	configuration := strings.Replace(usual(startBackend(t, issuer).URL), "documents: {file: users.json, user_id_field: id}", fromMongo, 1) +
		"functions: {dir: functions}\nuser_creation: {function: create, timeout: 4s}\n"
	tg := &target{suite: s}
	tg.Sidecar = e2e.Start(t, e2e.Options{
		Configuration: configuration, Files: map[string]string{"functions/create.js": function(functionRows)}, Program: e2e.Tokengraft, Log: s.lookAtLog,
	})
	t.Cleanup(func() { tg.checkMetrics(t) })
	tg.waitReady(t)
	tg.create(t, issuer, "nothing") // so that the first row does not start the process
	for _, row := range functionRows {
		s.run(t, heavyFunction, row.name, func(t *testing.T) (happens string) { return row.run(t, tg, issuer) })
	}
}

// create logs a user in who has no document yet, and returns the status.
func (tg *target) create(t *testing.T, issuer *enrichtest.Issuer, name string) (status int) {
	t.Helper()
	id := fmt.Sprintf("%s-%d", secret, time.Now().UnixNano())
	token := issuer.Token(claimsOf(quoted(id), `,"name":`+quoted(name)))
	return tg.ask(t, http.MethodPost, "/login", `{"access_token":"`+token+`"}`).Status
}

func (row functionRow) run(t *testing.T, tg *target, issuer *enrichtest.Issuer) (happens string) {
	const (
		mostWait   = 14 * time.Second // user_creation.timeout, and a busy machine
		mostGrowth = 32               // MiB
	)
	memory, start := tg.peak(t), time.Now()
	status := tg.create(t, issuer, row.name)
	took := time.Since(start)
	used := tg.untilIdle(t)
	grown := tg.peak(t) - memory
	if status != http.StatusServiceUnavailable || took > mostWait || used > mostWait || grown > mostGrowth {
		t.Errorf("got %d after %s, processors in use for %s after it, the sidecar's memory grew by %d MiB; want 503, at most %s, %s and %d MiB",
			status, took, used, grown, mostWait, mostWait, mostGrowth)
	}
	// On a busy machine, a new process may not be ready within the timeout of one login.
	start = time.Now()
	e2e.Eventually(t, "the next new user can log in", func() bool { return tg.create(t, issuer, "nothing") == http.StatusOK })
	if took := time.Since(start); took > mostWait {
		t.Errorf("the next new user could log in after %s, want at most %s", took, mostWait)
	}
	return fmt.Sprintf("503 after %.1f s; the sidecar's memory grew by %d MiB", took.Seconds(), grown)
}

// untilIdle waits until the sidecar and its processes do not use processors any more,
// and returns how long that took.
func (tg *target) untilIdle(t *testing.T) time.Duration {
	t.Helper()
	start, before, at := time.Now(), tg.processors(t), time.Now()
	e2e.Eventually(t, "the sidecar uses no processor", func() bool {
		if time.Since(at) < 500*time.Millisecond {
			return false
		}
		now := tg.processors(t)
		idle := now-before < 100*time.Millisecond
		before, at = now, time.Now()
		return idle
	})
	return time.Since(start)
}

// processors returns how long the sidecar and its processes have used processors.
func (tg *target) processors(t *testing.T) time.Duration {
	t.Helper()
	own := strconv.Itoa(tg.Process().Pid)
	total := 0
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		text, _ := os.ReadFile("/proc/" + entry.Name() + "/stat")
		fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
		if len(fields) < 15 || entry.Name() != own && fields[1] != own {
			continue
		}
		for _, ticks := range fields[11:15] { // its own, and those of its processes that have ended
			n, _ := strconv.Atoi(ticks)
			total += n
		}
	}
	return time.Duration(total) * 10 * time.Millisecond
}

// peak returns the largest size that the sidecar had so far, in MiB.
func (tg *target) peak(t *testing.T) (mebibytes int) {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", tg.Process().Pid))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), "VmHWM:")
	kibibytes := 0
	if _, err := fmt.Sscan(after, &kibibytes); err != nil {
		t.Fatal(err)
	}
	return kibibytes >> 10
}
