package live_test

import (
	"net/http"
	"net/http/httptrace"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/tokengraft/tokengraft/internal/e2e"
)

// The tests of this file hold law G6.

func TestReload_AppliesAnAddedRuleFromTheNextRequestOn(t *testing.T) {
	t.Parallel()
	l := start(t, configuration, "")
	if claims := l.logIn("/renew"); strings.Contains(claims, "Wien") {
		t.Fatalf("claims %s before there is a rule", claims)
	}
	l.Reconfigure(t, "rules:\n", "rules:\n  - {match: POST /renew, tokens: [\"json:token\"]}\n")
	if line := l.Log.Last("configuration reloaded"); !strings.Contains(line, `["rules"]`) {
		t.Errorf("the log names no setting: %s", line)
	}
	for _, path := range []string{"/renew", "/login"} {
		if claims := l.logIn(path); !strings.Contains(claims, "Wien") {
			t.Errorf("claims of %s: %s", path, claims)
		}
	}
}

func TestReload_OfAWrongFileChangesNothingAndIsReported(t *testing.T) {
	t.Parallel()
	l := start(t, configuration, "")
	e2e.Eventually(t, "it is ready", func() bool { return strings.Contains(l.Admin.Get(t, "/readyz"), `"status":"ready"`) })
	line := l.Log.After(t, "was not reloaded", func() {
		l.Configure(t, l.fill(strings.Replace(configuration, "POST /login", "POST login", 1)+"on_failure: perhaps\n"))
	})
	for _, want := range []string{"tokengraft.yaml:5:", "tokengraft.yaml:8:13: on_failure"} {
		if !strings.Contains(line, want) {
			t.Errorf("the log %q lacks the fault at %s", line, want)
		}
	}
	if claims := l.logIn("/login"); !strings.Contains(claims, "Wien") {
		t.Errorf("claims %s, want those of the running configuration", claims)
	}
	if ready := l.Admin.Get(t, "/readyz"); !strings.Contains(ready, `"status":"degraded"`) || !strings.Contains(ready, `"configuration":"failing"`) {
		t.Errorf("readyz: %s", ready)
	}
	if metrics := l.Admin.Get(t, "/metrics"); !strings.Contains(metrics, `tokengraft_config_reloads_total{result="failed"} 1`) {
		t.Error("the failed reload was not counted")
	}
	l.Log.After(t, "configuration unchanged", func() { l.Configure(t, l.fill(configuration)) })
	if ready := l.Admin.Get(t, "/readyz"); !strings.Contains(ready, `"status":"ready"`) {
		t.Errorf("readyz when it is right again: %s", ready)
	}
}

// TestReload_FindsAFileThatWasMissing though nobody watches where it comes to be.
func TestReload_FindsAFileThatWasMissing(t *testing.T) {
	t.Parallel()
	l := start(t, configuration, "")
	l.Log.After(t, "was not reloaded", func() {
		l.Configure(t, l.fill(strings.Replace(configuration, "secret_file: secret", "secret_file: elsewhere/secret", 1)))
	})
	l.Log.After(t, "configuration reloaded", func() {
		if err := os.Mkdir(filepath.Join(l.Dir, "elsewhere"), 0o700); err != nil {
			t.Fatal(err)
		}
		l.backend.signWith(strings.Repeat("another secret ", 5))
		l.Write(t, "elsewhere/secret", strings.Repeat("another secret ", 5))
	})
	if claims := l.logIn("/login"); !strings.Contains(claims, "Wien") {
		t.Errorf("claims %s", claims)
	}
}

// TestReload_FollowsASwappedSecret, as Kubernetes swaps it: the file is a symbolic
// link through one to a folder, and only that changes.
func TestReload_FollowsASwappedSecret(t *testing.T) {
	t.Parallel()
	l := start(t, configuration, "")
	link := func(target, name string) {
		t.Helper()
		temporary := filepath.Join(l.Dir, "link")
		if err := os.Symlink(target, temporary); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(temporary, filepath.Join(l.Dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, folder := range []string{"one", "two"} {
		if err := os.Mkdir(filepath.Join(l.Dir, folder), 0o700); err != nil {
			t.Fatal(err)
		}
		l.Write(t, folder+"/secret", strings.Repeat(folder+" secret ", 8))
	}
	link("one", "..data")
	l.backend.signWith(strings.Repeat("one secret ", 8))
	line := l.Log.After(t, "configuration reloaded", func() { link("..data/secret", "secret") })
	if claims := l.logIn("/login"); !strings.Contains(claims, "Wien") {
		t.Errorf("claims %s of a token of the first secret", claims)
	}
	if strings.Contains(line, "one secret") || !strings.Contains(line, `["verify.secret"]`) {
		t.Errorf("the log says %s", line)
	}
	l.backend.signWith(strings.Repeat("two secret ", 8))
	l.Log.After(t, "configuration reloaded", func() { link("two", "..data") })
	if claims := l.logIn("/login"); !strings.Contains(claims, "Wien") {
		t.Errorf("claims %s of a token of the second secret", claims)
	}
}

func TestReload_LeavesRequestsUnderWayAlone(t *testing.T) {
	t.Parallel()
	l := start(t, strings.Replace(configuration, "POST /login", "POST /", 1), "")
	l.Write(t, "others.json", `[{"id":"anna","city":"Graz"}]`)
	claims, slow := l.logInSlowly()
	l.Reconfigure(t, "users.json", "others.json")
	l.Reconfigure(t, "documents:", "claim: {name: other}\ndocuments:")
	if found := l.logIn("/login"); !strings.Contains(found, `"other":{"id":"anna","city":"Graz"}`) {
		t.Errorf("claims %s of a request that came later", found)
	}
	slow.Release()
	if found := <-claims; !strings.Contains(found, `"custom_data":{"id":"anna","city":"Wien","lang":"de"}`) {
		t.Errorf("claims %s of the request under way", found)
	}
}

func TestReload_KeepsConnections(t *testing.T) {
	t.Parallel()
	l := start(t, configuration, "")
	var reused []bool
	client := &http.Client{Transport: &http.Transport{MaxIdleConns: 1}}
	defer client.CloseIdleConnections()
	ask := func() {
		t.Helper()
		trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) { reused = append(reused, info.Reused) }}
		request, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), http.MethodHead, l.Public.URL("/"), nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
	}
	ask()
	l.Reconfigure(t, "documents:", "limits: {body: 2MiB}\ndocuments:")
	ask()
	if want := []bool{false, true}; !slices.Equal(reused, want) {
		t.Errorf("the connection was reused: %v, want %v", reused, want)
	}
}

func TestReload_KeepsTheCacheUnlessTheShapeChanges(t *testing.T) {
	t.Parallel()
	l := start(t, configuration, "")
	hits := func(want string) {
		t.Helper()
		if metrics := l.Admin.Get(t, "/metrics"); !strings.Contains(metrics, `tokengraft_cache_lookups_total{result="hit"} `+want+"\n") {
			t.Errorf("hits are not %s", want)
		}
	}
	l.logIn("/login")
	l.Reconfigure(t, "documents:", "claim: {name: other}\ncache: {max_age: 1h, max_bytes: 32MiB}\ndocuments:")
	if claims := l.logIn("/login"); !strings.Contains(claims, `"other":{"id":"anna","city":"Wien","lang":"de"}`) {
		t.Errorf("claims %s", claims)
	}
	hits("1")
	l.Reconfigure(t, "{name: other}", "{name: other, include: [city]}")
	if claims := l.logIn("/login"); !strings.Contains(claims, `"other":{"city":"Wien"}`) {
		t.Errorf("claims %s, want those of the new projection", claims)
	}
	hits("1")
	if !strings.Contains(l.Admin.Get(t, "/cache"), `"max_bytes":33554432`) {
		t.Error("cache.max_bytes does not count")
	}
}

func TestReload_SaysWhatNeedsARestart(t *testing.T) {
	t.Parallel()
	l := start(t, configuration, "")
	line := l.Log.After(t, "only after a restart", func() { l.Reconfigure(t, "documents:", "limits: {headers: 1MiB}\ndocuments:") })
	if !strings.Contains(line, `["limits.headers"]`) {
		t.Errorf("the log says %s", line)
	}
	line = l.Log.After(t, "only after a restart", func() {
		l.Reconfigure(t, "listen: 127.0.0.1:0", "listen: "+string(e2e.FreeAddress(t)))
	})
	if !strings.Contains(line, `["listen","limits.headers"]`) {
		t.Errorf("the log says %s", line)
	}
	l.logIn("/login") // where it listened before
}

// TestReload_AppliesEverySetting but listen and admin: those of the proxy
// and of the admin listener, too.
func TestReload_AppliesEverySetting(t *testing.T) {
	t.Parallel()
	l := start(t, configuration, "")
	other := startBackend(t)
	other.signWith("nobody knows this secret, whose tokens are not enriched at all")
	l.Reconfigure(t, "backend: "+l.backend.URL, "backend: "+other.URL)
	if claims := l.logIn("/login"); strings.Contains(claims, "Wien") {
		t.Errorf("claims %s, want those of the other backend", claims)
	}
	l.Reconfigure(t, "documents:", "limits: {headers: 200B}\ndocuments:")
	if got := l.Public.Ask(t, http.MethodGet, "/", "", "X-Long: "+strings.Repeat("x", 200)); got.Status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a header over limits.headers: %d, want 431", got.Status)
	}
}

// The signal needs a process of its own.
func TestReload_FollowsAHangup(t *testing.T) {
	t.Parallel()
	l := start(t, configuration, e2e.Tokengraft)
	l.Log.After(t, "configuration unchanged", func() { l.Process().Signal(syscall.SIGHUP) })
	const wrong = "was not reloaded"
	l.Log.After(t, wrong, func() { l.Write(t, e2e.File, "listen: nowhere\n") })
	l.Log.After(t, wrong, func() { l.Process().Signal(syscall.SIGHUP) }) // who asks again gets the answer again
}

// The cache is not in the way of a file that somebody edits.
func TestDocuments_AreReadAgainWhenTheirFileChanges(t *testing.T) {
	t.Parallel()
	l := start(t, configuration, "")
	if claims := l.logIn("/login"); !strings.Contains(claims, "Wien") {
		t.Fatalf("claims %s, want those of the first file", claims)
	}
	l.Write(t, "users.json", `[{"id":"anna","city":"Graz","lang":"de"}]`)
	e2e.Eventually(t, "a login sees the change", func() bool { return strings.Contains(l.logIn("/login"), "Graz") })
}
