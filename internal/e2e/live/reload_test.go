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

// The tests in this file check law G6.

func TestReload_AppliesAnAddedRule(t *testing.T) {
	t.Parallel()
	l := start(t, configuration, "")
	if claims := l.logIn("/renew"); strings.Contains(claims, "Wien") {
		t.Fatalf("a login without a rule: got claims %s, want none from the document", claims)
	}
	l.Reconfigure(t, "rules:\n", "rules:\n  - {match: POST /renew, tokens: [\"json:token\"]}\n")
	if line := l.Log.Last("configuration reloaded"); !strings.Contains(line, `["rules"]`) {
		t.Errorf("the log: got %s, want the setting rules in it", line)
	}
	for _, path := range []string{"/renew", "/login"} {
		if claims := l.logIn(path); !strings.Contains(claims, "Wien") {
			t.Errorf("a login at %s: got claims %s, want Wien in them", path, claims)
		}
	}
}

func TestReload_OfAWrongFileIsLoggedAndChangesNothing(t *testing.T) {
	t.Parallel()
	l := start(t, configuration, "")
	e2e.Eventually(t, "the sidecar is ready", func() bool { return strings.Contains(l.Admin.Get(t, "/readyz"), `"status":"ready"`) })
	line := l.Log.After(t, "was not reloaded", func() {
		l.Configure(t, l.fill(strings.Replace(configuration, "POST /login", "POST login", 1)+"on_failure: perhaps\n"))
	})
	for _, want := range []string{"tokengraft.yaml:5:", "tokengraft.yaml:8:13: on_failure"} {
		if !strings.Contains(line, want) {
			t.Errorf("the log: got %q, want the fault at %s in it", line, want)
		}
	}
	if claims := l.logIn("/login"); !strings.Contains(claims, "Wien") {
		t.Errorf("a login after the wrong file: got claims %s, want Wien in them", claims)
	}
	if ready := l.Admin.Get(t, "/readyz"); !strings.Contains(ready, `"status":"degraded"`) || !strings.Contains(ready, `"configuration":"failing"`) {
		t.Errorf("/readyz after the wrong file: got %s, want degraded because of the configuration", ready)
	}
	if metrics := l.Admin.Get(t, "/metrics"); !strings.Contains(metrics, `tokengraft_config_reloads_total{result="failed"} 1`) {
		t.Errorf("metrics: want one failed reload, got\n%s", metrics)
	}
	l.Log.After(t, "configuration unchanged", func() { l.Configure(t, l.fill(configuration)) })
	if ready := l.Admin.Get(t, "/readyz"); !strings.Contains(ready, `"status":"ready"`) {
		t.Errorf("/readyz after the file is fixed: got %s, want ready", ready)
	}
}

// The missing file is in a directory that does not exist either, so it cannot be
// watched.
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
		t.Errorf("a login after the file exists: got claims %s, want Wien in them", claims)
	}
}

// Kubernetes replaces a secret like this: the file is a symbolic link through a link to
// a directory, and only the second link changes.
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
		t.Errorf("a token of the first secret: got claims %s, want Wien in them", claims)
	}
	if strings.Contains(line, "one secret") || !strings.Contains(line, `["verify.secret"]`) {
		t.Errorf("the log: got %s, want the setting verify.secret without its value", line)
	}
	l.backend.signWith(strings.Repeat("two secret ", 8))
	l.Log.After(t, "configuration reloaded", func() { link("two", "..data") })
	if claims := l.logIn("/login"); !strings.Contains(claims, "Wien") {
		t.Errorf("a token of the second secret: got claims %s, want Wien in them", claims)
	}
}

func TestReload_KeepsTheConfigurationOfRequestsInFlight(t *testing.T) {
	t.Parallel()
	l := start(t, strings.Replace(configuration, "POST /login", "POST /", 1), "")
	l.Write(t, "others.json", `[{"id":"anna","city":"Graz"}]`)
	claims, slow := l.logInSlowly()
	l.Reconfigure(t, "users.json", "others.json")
	l.Reconfigure(t, "documents:", "claim: {name: other}\ndocuments:")
	if found := l.logIn("/login"); !strings.Contains(found, `"other":{"id":"anna","city":"Graz"}`) {
		t.Errorf("a request after the reload: got claims %s, want Graz in the claim other", found)
	}
	slow.Release()
	if found := <-claims; !strings.Contains(found, `"custom_data":{"id":"anna","city":"Wien","lang":"de"}`) {
		t.Errorf("a request from before the reload: got claims %s, want Wien in the claim custom_data", found)
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
		t.Errorf("connection reused: got %v, want %v", reused, want)
	}
}

func TestReload_KeepsTheCacheUnlessTheProjectionChanges(t *testing.T) {
	t.Parallel()
	l := start(t, configuration, "")
	hits := func(want string) {
		t.Helper()
		if metrics := l.Admin.Get(t, "/metrics"); !strings.Contains(metrics, `tokengraft_cache_lookups_total{result="hit"} `+want+"\n") {
			t.Errorf("cache hits: want %s, got the metrics\n%s", want, metrics)
		}
	}
	l.logIn("/login")
	l.Reconfigure(t, "documents:", "claim: {name: other}\ncache: {max_age: 1h, max_bytes: 32MiB}\ndocuments:")
	if claims := l.logIn("/login"); !strings.Contains(claims, `"other":{"id":"anna","city":"Wien","lang":"de"}`) {
		t.Errorf("a login after a change of the claim's name: got claims %s, want the document in other", claims)
	}
	hits("1")
	l.Reconfigure(t, "{name: other}", "{name: other, include: [city]}")
	if claims := l.logIn("/login"); !strings.Contains(claims, `"other":{"city":"Wien"}`) {
		t.Errorf("a login after a change of the projection: got claims %s, want only the city", claims)
	}
	hits("1")
	if got, want := l.Admin.Get(t, "/cache"), `"max_bytes":33554432`; !strings.Contains(got, want) {
		t.Errorf("/cache: got %s, want %s in it", got, want)
	}
}

func TestReload_NamesSettingsThatNeedARestart(t *testing.T) {
	t.Parallel()
	l := start(t, configuration, "")
	line := l.Log.After(t, "only after a restart", func() { l.Reconfigure(t, "documents:", "limits: {headers: 1MiB}\ndocuments:") })
	if want := `["limits.headers"]`; !strings.Contains(line, want) {
		t.Errorf("the log: got %s, want %s in it", line, want)
	}
	line = l.Log.After(t, "only after a restart", func() {
		l.Reconfigure(t, "listen: 127.0.0.1:0", "listen: "+string(e2e.FreeAddress(t)))
	})
	if want := `["listen","limits.headers"]`; !strings.Contains(line, want) {
		t.Errorf("the log: got %s, want %s in it", line, want)
	}
	l.logIn("/login") // at the old address
}

// The test changes settings of different parts of the sidecar.
func TestReload_AppliesEverySettingExceptListenAndAdmin(t *testing.T) {
	t.Parallel()
	l := start(t, configuration, "")
	other := startBackend(t)
	other.signWith("a secret that the sidecar does not have, so tokens are not enriched")
	l.Reconfigure(t, "backend: "+l.backend.URL, "backend: "+other.URL)
	if claims := l.logIn("/login"); strings.Contains(claims, "Wien") {
		t.Errorf("a login after a change of backend: got claims %s, want those of the other backend", claims)
	}
	l.Reconfigure(t, "documents:", "limits: {headers: 200B, connections: 50}\ndocuments:")
	if got := l.Public.Ask(t, http.MethodGet, "/", "", "X-Long: "+strings.Repeat("x", 200)); got.Status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a header over limits.headers: got %d, want 431", got.Status)
	}
}

// The sidecar runs in a separate process, so that it can get the signal.
func TestReload_HappensAtSIGHUP(t *testing.T) {
	t.Parallel()
	l := start(t, configuration, e2e.Tokengraft)
	l.Log.After(t, "configuration unchanged", func() { l.Process().Signal(syscall.SIGHUP) })
	const wrong = "was not reloaded"
	l.Log.After(t, wrong, func() { l.Write(t, e2e.File, "listen: nowhere\n") })
	l.Log.After(t, wrong, func() { l.Process().Signal(syscall.SIGHUP) }) // each signal is answered, even if the file has not changed
}

// The cache must not hide a change of the file.
func TestDocuments_AreReadAgainWhenTheirFileChanges(t *testing.T) {
	t.Parallel()
	l := start(t, configuration, "")
	if claims := l.logIn("/login"); !strings.Contains(claims, "Wien") {
		t.Fatalf("a login with the first file: got claims %s, want Wien in them", claims)
	}
	l.Write(t, "users.json", `[{"id":"anna","city":"Graz","lang":"de"}]`)
	e2e.Eventually(t, "a login gets the changed document", func() bool { return strings.Contains(l.logIn("/login"), "Graz") })
}
