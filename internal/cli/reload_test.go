package cli

import (
	"net/http"
	"net/http/httptrace"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/tokengraft/tokengraft/internal/manual"
)

// The tests of this file hold law G6.

func TestAnAddedRuleCountsFromTheNextRequestOn(t *testing.T) {
	l := startLive(t, liveConfig)
	if claims := l.logIn("/renew"); strings.Contains(claims, "Wien") {
		t.Fatalf("claims %s before there is a rule", claims)
	}
	l.reconfigure("rules:\n", "rules:\n  - {match: POST /renew, tokens: [\"json:token\"]}\n")
	if line := l.log.last("configuration reloaded"); !strings.Contains(line, `["rules"]`) {
		t.Errorf("the log names no setting: %s", line)
	}
	for _, path := range []string{"/renew", "/login"} {
		if claims := l.logIn(path); !strings.Contains(claims, "Wien") {
			t.Errorf("claims of %s: %s", path, claims)
		}
	}
}

func TestAWrongFileChangesNothingAndIsReported(t *testing.T) {
	l := startLive(t, liveConfig)
	l.eventually("it is ready", func() bool { return strings.Contains(get(t, l.admin+"/readyz"), `"status":"ready"`) })
	line := l.after("was not reloaded", func() {
		l.configure(strings.Replace(liveConfig, "POST /login", "POST login", 1) + "on_failure: perhaps\n")
	})
	for _, want := range []string{"tokengraft.yaml:5:", "tokengraft.yaml:8:13: on_failure"} {
		if !strings.Contains(line, want) {
			t.Errorf("the log %q lacks the fault at %s", line, want)
		}
	}
	if claims := l.logIn("/login"); !strings.Contains(claims, "Wien") {
		t.Errorf("claims %s, want those of the running configuration", claims)
	}
	if ready := get(t, l.admin+"/readyz"); !strings.Contains(ready, `"status":"degraded"`) || !strings.Contains(ready, `"configuration":"lost"`) {
		t.Errorf("readyz: %s", ready)
	}
	if metrics := get(t, l.admin+"/metrics"); !strings.Contains(metrics, `tokengraft_config_reloads_total{result="failed"} 1`) {
		t.Error("the failed reload was not counted")
	}
	l.after("configuration unchanged", func() { l.configure(liveConfig) })
	if ready := get(t, l.admin+"/readyz"); !strings.Contains(ready, `"status":"ready"`) {
		t.Errorf("readyz when it is right again: %s", ready)
	}
}

// TestAMissingFileHealsByItself though nobody watches where it comes to be.
func TestAMissingFileHealsByItself(t *testing.T) {
	l := startLive(t, liveConfig)
	l.after("was not reloaded", func() {
		l.configure(strings.Replace(liveConfig, "secret_file: secret", "secret_file: elsewhere/secret", 1))
	})
	l.after("configuration reloaded", func() {
		if err := os.Mkdir(filepath.Join(l.dir, "elsewhere"), 0o700); err != nil {
			t.Fatal(err)
		}
		l.backend.signWith(strings.Repeat("another secret ", 5))
		l.write("elsewhere/secret", strings.Repeat("another secret ", 5))
	})
	if claims := l.logIn("/login"); !strings.Contains(claims, "Wien") {
		t.Errorf("claims %s", claims)
	}
}

// TestASecretThatIsSwappedCounts, as Kubernetes swaps it: the file is a symbolic
// link through one to a folder, and only that changes.
func TestASecretThatIsSwappedCounts(t *testing.T) {
	l := startLive(t, liveConfig)
	link := func(target, name string) {
		t.Helper()
		temporary := filepath.Join(l.dir, "link")
		if err := os.Symlink(target, temporary); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(temporary, filepath.Join(l.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, folder := range []string{"one", "two"} {
		if err := os.Mkdir(filepath.Join(l.dir, folder), 0o700); err != nil {
			t.Fatal(err)
		}
		l.write(folder+"/secret", strings.Repeat(folder+" secret ", 8))
	}
	link("one", "..data")
	l.backend.signWith(strings.Repeat("one secret ", 8))
	line := l.after("configuration reloaded", func() { link("..data/secret", "secret") })
	if claims := l.logIn("/login"); !strings.Contains(claims, "Wien") {
		t.Errorf("claims %s of a token of the first secret", claims)
	}
	if strings.Contains(line, "one secret") || !strings.Contains(line, `["verify.secret"]`) {
		t.Errorf("the log says %s", line)
	}
	l.backend.signWith(strings.Repeat("two secret ", 8))
	l.after("configuration reloaded", func() { link("two", "..data") })
	if claims := l.logIn("/login"); !strings.Contains(claims, "Wien") {
		t.Errorf("claims %s of a token of the second secret", claims)
	}
}

func TestARequestUnderWayFinishesByItsConfiguration(t *testing.T) {
	l := startLive(t, strings.Replace(liveConfig, "POST /login", "POST /", 1))
	l.write("others.json", `[{"id":"anna","city":"Graz"}]`)
	claims := l.logInSlowly()
	l.reconfigure("users.json", "others.json")
	l.reconfigure("documents:", "claim: {name: other}\ndocuments:")
	if found := l.logIn("/login"); !strings.Contains(found, `"other":{"id":"anna","city":"Graz"}`) {
		t.Errorf("claims %s of a request that came later", found)
	}
	close(l.backend.released)
	if found := <-claims; !strings.Contains(found, `"custom_data":{"id":"anna","city":"Wien","lang":"de"}`) {
		t.Errorf("claims %s of the request under way", found)
	}
}

func TestAConnectionOfAClientSurvives(t *testing.T) {
	l := startLive(t, liveConfig)
	var reused []bool
	client := &http.Client{Transport: &http.Transport{MaxIdleConns: 1}}
	defer client.CloseIdleConnections()
	ask := func() {
		t.Helper()
		trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) { reused = append(reused, info.Reused) }}
		request, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), http.MethodHead, l.public+"/", nil)
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
	l.reconfigure("documents:", "limits: {body: 2MiB}\ndocuments:")
	ask()
	if want := []bool{false, true}; !slices.Equal(reused, want) {
		t.Errorf("the connection was reused: %v, want %v", reused, want)
	}
}

func TestTheCacheSurvivesButNotWhatWasReadInAnotherShape(t *testing.T) {
	l := startLive(t, liveConfig)
	hits := func(want string) {
		t.Helper()
		if metrics := get(t, l.admin+"/metrics"); !strings.Contains(metrics, `tokengraft_cache_lookups_total{result="hit"} `+want+"\n") {
			t.Errorf("hits are not %s", want)
		}
	}
	l.logIn("/login")
	l.reconfigure("documents:", "claim: {name: other}\ncache: {max_age: 1h, max_bytes: 32MiB}\ndocuments:")
	if claims := l.logIn("/login"); !strings.Contains(claims, `"other":{"id":"anna","city":"Wien","lang":"de"}`) {
		t.Errorf("claims %s", claims)
	}
	hits("1")
	l.reconfigure("{name: other}", "{name: other, include: [city]}")
	if claims := l.logIn("/login"); !strings.Contains(claims, `"other":{"city":"Wien"}`) {
		t.Errorf("claims %s, want those of the new projection", claims)
	}
	hits("1")
	if !strings.Contains(get(t, l.admin+"/cache"), `"max_bytes":33554432`) {
		t.Error("cache.max_bytes does not count")
	}
}

func TestWhatNeedsARestartIsSaid(t *testing.T) {
	l := startLive(t, liveConfig)
	line := l.after("need a restart", func() { l.reconfigure("documents:", "limits: {headers: 1MiB}\ndocuments:") })
	if !strings.Contains(line, `["limits.headers"]`) {
		t.Errorf("the log says %s", line)
	}
	free, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	line = l.after("need a restart", func() {
		l.reconfigure("listen: "+strings.TrimPrefix(l.public, "http://"), "listen: "+free)
	})
	if !strings.Contains(line, `["listen","limits.headers"]`) {
		t.Errorf("the log says %s", line)
	}
	l.logIn("/login") // where it listened before
}

// TestEverySettingCountsWithoutARestart but listen and admin: those of the proxy
// and of the admin listener, too.
func TestEverySettingCountsWithoutARestart(t *testing.T) {
	l := startLive(t, liveConfig)
	other := startSlowBackend(t)
	other.issuer.Private = []byte("nobody knows this secret, whose tokens are not enriched at all")
	l.reconfigure("backend: "+l.backend.URL, "backend: "+other.URL)
	if claims := l.logIn("/login"); strings.Contains(claims, "Wien") {
		t.Errorf("claims %s, want those of the other backend", claims)
	}
	l.reconfigure("documents:", "limits: {headers: 200B}\ndocuments:")
	request, err := http.NewRequest(http.MethodGet, l.public, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Long", strings.Repeat("x", 200))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a header over limits.headers: %s", response.Status)
	}
}

// TestHangupReloads tells the program itself, in a process of its own.
func TestHangupReloads(t *testing.T) {
	l := startLive(t, liveConfig)
	l.stop() // it was for its files
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	process := &exec.Cmd{Path: program, Args: []string{"tokengraft", "serve", "-c", filepath.Join(l.dir, "tokengraft.yaml")}, Stderr: l.log}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		process.Process.Signal(os.Interrupt)
		if err := process.Wait(); err != nil {
			t.Errorf("serve: %v", err)
		}
	}()
	waitForAddress(t, strings.TrimPrefix(l.admin, "http://"))
	l.after("configuration unchanged", func() { process.Process.Signal(syscall.SIGHUP) })
	wrong := "was not reloaded"
	l.after(wrong, func() { l.write("tokengraft.yaml", "listen: nowhere\n") })
	l.after(wrong, func() { process.Process.Signal(syscall.SIGHUP) }) // who asks is told again
}

// TestPartsAreMadeOfSettingsThatExist, for a mistyped one would keep a part that
// should have been made anew.
func TestPartsAreMadeOfSettingsThatExist(t *testing.T) {
	for _, path := range slices.Concat(ringSettings, documentsSettings) {
		if !slices.ContainsFunc(manual.Settings(nil), func(s manual.Setting) bool { return s.Path == path }) {
			t.Errorf("no setting %s", path)
		}
	}
}
