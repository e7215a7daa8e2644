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

// StartFerretDB starts FerretDB, a server for MongoDB's wire protocol, with an empty
// database. It returns the server's URI. The server stops when the test ends. Call kill
// to stop it earlier, for an outage. StartFerretDB skips the test if the server cannot
// be built.
func StartFerretDB(t testing.TB) (uri string, kill func()) {
	t.Helper()
	return StartFerretDBAt(t, t.TempDir(), "127.0.0.1:0")
}

// StartFerretDBAt is like StartFerretDB, with the data in dir and listening on addr. A
// second call after a kill ends the outage.
func StartFerretDBAt(t testing.TB, dir, addr string) (uri string, kill func()) {
	t.Helper()
	return start(t, "ferretdb", dir, addr)
}

// StartZitadel starts an OpenID provider for the issuer, and returns its address,
// such as http://127.0.0.1:40123. Its client "web" has the redirect URI. It stops
// when the test ends. StartZitadel skips the test if it cannot be built.
func StartZitadel(t testing.TB, issuer, redirectURI string) (addr string) {
	t.Helper()
	return StartZitadelAt(t, issuer, redirectURI, "127.0.0.1:0")
}

// StartZitadelAt is like StartZitadel, listening on an address.
func StartZitadelAt(t testing.TB, issuer, redirectURI, listen string) (addr string) {
	t.Helper()
	addr, _ = start(t, "zitadel", issuer, redirectURI, listen)
	return addr
}

// StartFosite starts another OpenID provider, as StartZitadel does. It finds its access
// tokens by their signatures, and logs in every user as id1.
func StartFosite(t testing.TB, issuer, redirectURI string) (addr string) {
	t.Helper()
	addr, _ = start(t, "fosite", issuer, redirectURI)
	return addr
}

// StartToxiproxy starts a proxy that disturbs connections, and returns the address of
// its API. It stops when the test ends. It runs in a process of its own, so that a test
// can count its own connections and goroutines. StartToxiproxy skips the test if it
// cannot be built.
func StartToxiproxy(t testing.TB) (api string) {
	t.Helper()
	api, _ = start(t, "toxiproxy")
	return api
}

// start runs a program of the testbed. It returns the first line that the program
// prints, which says where it listens.
func start(t testing.TB, program string, args ...string) (firstLine string, kill func()) {
	t.Helper()
	cmd := exec.Command(BuildProgram(t, program), args...)
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
		t.Fatalf("%s ended before it printed a line: %v", program, err)
	}
	return strings.TrimSpace(firstLine), kill
}

// BuildProgram returns the path of a program of the testbed: ferretdb, fosite,
// toxiproxy or zitadel. It skips the test if the program cannot be built.
func BuildProgram(t testing.TB, name string) (path string) {
	t.Helper()
	path, err := built[name]()
	if err != nil {
		t.Skipf("SKIPPED, NOTHING WAS TESTED: %s cannot be built: %v\nWith a network, `go build -C examples/testbed ./...` once fetches what it needs.", name, err)
	}
	return path
}

// built has a function for each program. The function builds the program once per
// process and returns its path.
var built = map[string]func() (string, error){
	"ferretdb":  sync.OnceValues(func() (string, error) { return build("ferretdb") }),
	"fosite":    sync.OnceValues(func() (string, error) { return build("fosite") }),
	"toxiproxy": sync.OnceValues(func() (string, error) { return build("toxiproxy") }),
	"zitadel":   sync.OnceValues(func() (string, error) { return build("zitadel") }),
}

// build builds a program of the testbed, once for all test binaries of a user. The
// result stays in the cache directory, under a hash of its sources.
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

// buildAt builds in a directory next to path and then renames the result, so that an
// interrupted build leaves nothing at path.
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

// findTestbed looks for examples/testbed above the package under test.
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
			return "", fmt.Errorf("no examples/testbed above the package under test")
		}
		dir = parent
	}
}

// hashFiles returns a hash of the names and contents of the files that match.
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
