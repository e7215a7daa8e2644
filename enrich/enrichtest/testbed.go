package enrichtest

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// FerretDB starts a MongoDB wire protocol server with an empty database and
// returns its URI. It lives until the test ends or kill is called, which makes
// an outage. The test is skipped where the server cannot be built.
func FerretDB(t testing.TB) (uri string, kill func()) {
	t.Helper()
	return FerretDBAt(t, t.TempDir(), "127.0.0.1:0")
}

// FerretDBAt is FerretDB with its data in dir, listening on addr: a second
// start after a kill ends the outage.
func FerretDBAt(t testing.TB, dir, addr string) (uri string, kill func()) {
	t.Helper()
	return start(t, "ferretdb", dir, addr)
}

// Zitadel starts an OpenID provider for this issuer, whose client "web" has the
// redirect URI, and returns its address, such as http://127.0.0.1:40123. It
// lives until the test ends. The test is skipped where it cannot be built.
func Zitadel(t testing.TB, issuer, redirectURI string) (addr string) {
	t.Helper()
	return ZitadelAt(t, issuer, redirectURI, "127.0.0.1:0")
}

// ZitadelAt is Zitadel, listening on addr.
func ZitadelAt(t testing.TB, issuer, redirectURI, listen string) (addr string) {
	t.Helper()
	addr, _ = start(t, "zitadel", issuer, redirectURI, listen)
	return addr
}

// Fosite is Zitadel with other software: it knows its access tokens by their
// signatures, and logs everybody in as user id1.
func Fosite(t testing.TB, issuer, redirectURI string) (addr string) {
	t.Helper()
	addr, _ = start(t, "fosite", issuer, redirectURI)
	return addr
}

// Toxiproxy starts a proxy that spoils connections, and returns the address of
// its API. It lives until the test ends. The test is skipped where it cannot be
// built. It is a process of its own so that its connections and goroutines are
// not counted as the test's.
func Toxiproxy(t testing.TB) (api string) {
	t.Helper()
	api, _ = start(t, "toxiproxy")
	return api
}

// start runs a program of the testbed and returns the first line that it
// prints, which says that it listens.
func start(t testing.TB, program string, args ...string) (firstLine string, kill func()) {
	t.Helper()
	cmd := exec.Command(Program(t, program), args...)
	cmd.Stderr = t.Output()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill = sync.OnceFunc(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	t.Cleanup(kill)

	firstLine, err = bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("%s said nothing: %v", program, err)
	}
	return strings.TrimSpace(firstLine), kill
}

// Program returns the path of a program of the testbed: ferretdb, fosite, toxiproxy
// or zitadel. The test is skipped where it cannot be built.
func Program(t testing.TB, name string) (path string) {
	t.Helper()
	path, err := built[name]()
	if err != nil {
		t.Skipf("SKIPPED, NOTHING WAS TESTED: %s cannot be built: %v\nWith a network, `go build -C examples/testbed ./...` once fetches what it needs.", name, err)
	}
	return path
}

// built returns the path of each program, built at most once by this process.
var built = map[string]func() (string, error){
	"ferretdb":  sync.OnceValues(func() (string, error) { return build("ferretdb") }),
	"fosite":    sync.OnceValues(func() (string, error) { return build("fosite") }),
	"toxiproxy": sync.OnceValues(func() (string, error) { return build("toxiproxy") }),
	"zitadel":   sync.OnceValues(func() (string, error) { return build("zitadel") }),
}

// build makes a program of the testbed, once for all test binaries of a user:
// the result stays in the cache directory, under a hash of what it is made of.
func build(program string) (string, error) {
	module, err := findTestbed()
	if err != nil {
		return "", err
	}
	key, err := hashFiles(module, "go.mod", "go.sum", program+"/*.go")
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	path := filepath.Join(cache, "tokengraft-testbed", key, program)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", err
	}
	unlock, err := lock(path + ".lock") // one test binary builds, the others wait
	if err != nil {
		return "", err
	}
	defer unlock()
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	return path, buildAt(path, module, program)
}

// buildAt builds next to path and renames, so that a build that is interrupted
// leaves nothing there.
func buildAt(path, module, program string) error {
	scratch, err := os.MkdirTemp(filepath.Dir(path), "build-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	fresh := filepath.Join(scratch, program)
	if out, err := exec.Command("go", "build", "-C", module, "-o", fresh, "./"+program).CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return os.Rename(fresh, path)
}

// findTestbed looks for examples/testbed above the package that is tested.
func findTestbed() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		module := filepath.Join(dir, "examples", "testbed")
		if _, err := os.Stat(filepath.Join(module, "go.mod")); err == nil {
			return module, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("no examples/testbed above the tested package")
		}
		dir = parent
	}
}

// hashFiles hashes the names and contents of the files that match.
func hashFiles(dir string, patterns ...string) (string, error) {
	hash := sha256.New()
	for _, pattern := range patterns {
		names, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return "", err
		}
		for _, name := range names {
			content, err := os.ReadFile(name)
			if err != nil {
				return "", err
			}
			fmt.Fprintf(hash, "%s %d\n%s", filepath.Base(name), len(content), content)
		}
	}
	return hex.EncodeToString(hash.Sum(nil)[:8]), nil
}
