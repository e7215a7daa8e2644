package footprint

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/internal/e2e"
)

// A start takes less than 100 ms, and an idle process at most 20 MiB. The test accepts
// three times the time, because the machine has other work, and takes the best of
// several starts.
const (
	startTime  = 300 * time.Millisecond
	idleMemory = 20 << 10 // KiB
	starts     = 6
)

func TestStart_TakesLittleTimeAndMemory(t *testing.T) {
	if testing.Short() || runtime.GOARCH != "amd64" {
		t.Skip("builds the program, for amd64")
	}
	program := build(t, "")
	b := e2e.StartBackend(t)
	public, admin := e2e.FreeAddress(t), e2e.FreeAddress(t)
	dir := t.TempDir()
	configuration := fmt.Sprintf(`
listen: %s
admin: %s
backend: %s
rules: [{match: POST /login, tokens: ["json:access_token"]}]
verify: {jwks: %[3]s/jwks.json}
sign: {keys: keys}
documents: {file: users.json, user_id_field: id}
`, public, admin, b.URL)
	for name, content := range map[string]string{"tokengraft.yaml": configuration, "users.json": `[{"id": "u1"}]`} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	took, memory := time.Hour, 1<<30
	for range starts {
		ready, idle := start(t, program, dir, admin.URL("/readyz"))
		took, memory = min(took, ready), min(memory, idle)
	}
	t.Logf("ready after %v, idle with %d KiB", took, memory)
	if took > startTime {
		t.Errorf("from the start to ready: %v, want at most %v", took, startTime)
	}
	if memory > idleMemory {
		t.Errorf("resident memory of an idle process: %d KiB, want at most %d", memory, idleMemory)
	}
}

// start starts the program, and returns how long it took to be ready, and its resident
// memory soon afterwards in KiB.
func start(t *testing.T, program, dir, ready string) (took time.Duration, memory int) {
	t.Helper()
	cmd := exec.Command(program, "serve", "-c", filepath.Join(dir, "tokengraft.yaml"))
	cmd.Stderr = t.Output()
	began := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 5 * time.Second}
	for !answersOK(client, ready) {
		if time.Since(began) > 20*time.Second {
			t.Fatalf("%s did not answer 200", ready)
		}
		time.Sleep(time.Millisecond)
	}
	took = time.Since(began)
	time.Sleep(1500 * time.Millisecond) // it gives memory back a second after its start
	return took, resident(t, cmd.Process.Pid)
}

func answersOK(client *http.Client, url string) bool {
	answer, err := client.Get(url)
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode == http.StatusOK
}

// resident returns VmRSS of a process in KiB.
func resident(t *testing.T, pid int) (kib int) {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if n, _ := fmt.Sscanf(line, "VmRSS: %d kB", &kib); n == 1 {
			return kib
		}
	}
	t.Fatalf("no VmRSS in %s", status)
	return 0
}
