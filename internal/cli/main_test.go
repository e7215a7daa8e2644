package cli

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// atRoot runs the tests in the root of the repository, where the walkthroughs
// and the documentation are.
type atRoot struct{ *testing.M }

func (r atRoot) Run() int {
	if err := os.Chdir("../.."); err != nil {
		panic(err)
	}
	return r.M.Run()
}

// The walkthroughs run this test binary under these names.
func TestMain(m *testing.M) {
	testscript.Main(atRoot{m}, map[string]func(){
		"tokengraft": tokengraft,
	})
}

// tokengraft is main.
func tokengraft() {
	os.Exit(Run(UntilSignal(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

func waitForAddress(t *testing.T, address string) {
	t.Helper()
	if err := dialUntil(address); err != nil {
		t.Fatal(err)
	}
}

// dialUntil waits until an address takes connections: nothing else tells when a
// process listens.
func dialUntil(address string) (err error) {
	for range 200 {
		var conn net.Conn
		if conn, err = net.DialTimeout("tcp", address, time.Second); err == nil {
			return conn.Close()
		}
		time.Sleep(25 * time.Millisecond)
	}
	return err
}

// startSidecar runs `tokengraft serve` with this configuration and documents
// until the test ends, and then wants a clean stop.
func startSidecar(t *testing.T, configuration, documents string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"tokengraft.yaml": configuration, "users.json": documents} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	stopped := make(chan int, 1)
	go func() {
		stopped <- Run(ctx, []string{"serve", "-c", filepath.Join(dir, "tokengraft.yaml")}, strings.NewReader(""), io.Discard, t.Output())
	}()
	t.Cleanup(func() {
		stop()
		if code := <-stopped; code != exitOK {
			t.Errorf("serve: exit code %d, want %d", code, exitOK)
		}
	})
}

func get(t *testing.T, address string) string {
	t.Helper()
	response, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// freeAddress returns a loopback address at which nobody listens.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}

// heap returns the bytes that are in use after a collection.
func heap() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
