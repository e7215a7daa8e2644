package proxy_test

import (
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"testing"
	"time"

	"encoding/pem"
)

// TestMain makes the system trust the certificate of httptest, for backends with TLS.
// After the tests it checks that no goroutine of the proxy is left, except in a fuzz run,
// which starts goroutines of its own.
func TestMain(m *testing.M) {
	before := runtime.NumGoroutine()
	code := withTestRoots(m.Run)
	fuzzing := flag.Lookup("test.fuzz").Value.String() != ""
	if code == 0 && !fuzzing && !goroutinesEnd(before) {
		fmt.Println("goroutines of the proxy are still running after the tests")
		pprof.Lookup("goroutine").WriteTo(os.Stdout, 1)
		code = 1
	}
	os.Exit(code)
}

// withTestRoots calls run while the system trusts the certificate of httptest.
func withTestRoots(run func() int) int {
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	roots := filepath.Join(dir, "roots.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(roots, text, 0o600); err != nil {
		panic(err)
	}
	os.Setenv("SSL_CERT_FILE", roots)
	return run()
}

// goroutinesEnd reports whether the number of goroutines falls to the given one within
// patience. Unused connections to backends are closed in this time.
func goroutinesEnd(goroutines int) bool {
	return eventually(func() bool { return runtime.NumGoroutine() <= goroutines })
}

// patience is how long tests wait for what must happen. It is long, because a test must
// not fail only because the machine is busy.
const patience = 30 * time.Second

// eventually reports whether a condition becomes true within patience.
func eventually(condition func() bool) bool {
	for end := time.Now().Add(patience); !condition(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}
