package cli

import (
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
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
		"leakproof":  leakproof,
		"curl":       curl,
		"claims":     claims,
		"token":      firstToken,
		"field":      field,
	})
}

// tokengraft is main.
func tokengraft() {
	os.Exit(Run(UntilSignal(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// The walkthroughs of examples/ are documentation, and tests.
func TestExampleCommands(t *testing.T)  { walkThrough(t, "commands") }
func TestExampleJSONField(t *testing.T) { walkThrough(t, "json-field") }
func TestExampleCookie(t *testing.T)    { walkThrough(t, "cookie") }
func TestExampleHeader(t *testing.T)    { walkThrough(t, "header") }
func TestExampleRedirect(t *testing.T)  { walkThrough(t, "redirect") }
func TestExampleShadow(t *testing.T)    { walkThrough(t, "shadow") }

func TestExampleMongo(t *testing.T) { walkThrough(t, "mongo", enrichtest.Program(t, "ferretdb")) }

func TestExampleAppServices(t *testing.T) {
	walkThrough(t, "app-services", enrichtest.Program(t, "ferretdb"))
}

// walkThrough runs the scripts of one folder of examples/, which find the
// programs in their PATH.
func walkThrough(t *testing.T, folder string, programs ...string) {
	path := buildPrograms(t)
	for _, program := range programs {
		path += string(os.PathListSeparator) + filepath.Dir(program)
	}
	testscript.Run(t, testscript.Params{
		Dir:   filepath.Join("examples", folder),
		Setup: func(env *testscript.Env) error { return setUp(env, path) },
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"waitfor": waitFor, "waitmetric": waitMetric, "append": appendFile, "copydir": copyDir,
		},
	})
}

// buildPrograms builds what the walkthroughs run beside the sidecar.
func buildPrograms(t *testing.T) string {
	dir := t.TempDir()
	for name, pkg := range map[string]string{
		"backend": "./examples/backend", "appservices": "./examples/app-services/backend/cmd", "seed": "./examples/seed",
	} {
		if out, err := exec.Command("go", "build", "-o", filepath.Join(dir, name), pkg).CombinedOutput(); err != nil {
			t.Fatalf("go build %s: %v\n%s", pkg, err, out)
		}
	}
	return dir
}

// setUp gives each walkthrough addresses of its own.
func setUp(env *testscript.Env, path string) error {
	for _, name := range []string{"PUBLIC", "ADMIN", "BACKEND", "MONGODB"} {
		address, err := freeAddress()
		if err != nil {
			return err
		}
		env.Setenv(name, address)
	}
	examples, err := filepath.Abs("examples")
	if err != nil {
		return err
	}
	env.Setenv("EXAMPLES", examples)
	env.Setenv("HOST", strings.Replace(env.Getenv("PUBLIC"), "127.0.0.1", "localhost", 1)) // PUBLIC as a name
	env.Setenv("PATH", path+string(os.PathListSeparator)+env.Getenv("PATH"))
	env.Setenv("LOG_FORMAT", "text")
	return nil
}

// waitFor is the command of walkthroughs: waitfor HOST:PORT
func waitFor(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: waitfor HOST:PORT")
	}
	if err := dialUntil(args[0]); err != nil {
		ts.Fatalf("%v", err)
	}
}

// appendFile is the command of walkthroughs: append FILE MORE
func appendFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: append FILE MORE")
	}
	text := ts.ReadFile(args[0]) + ts.ReadFile(args[1])
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
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

// waitMetric waits until a line of the metrics at an address matches.
func waitMetric(ts *testscript.TestScript, _ bool, args []string) {
	wanted, err := regexp.Compile("(?m)^" + args[1] + "$")
	ts.Check(err)
	var text []byte
	for range 300 {
		if response, err := http.Get("http://" + args[0] + "/metrics"); err == nil {
			text, _ = io.ReadAll(response.Body)
			response.Body.Close()
			if wanted.Match(text) {
				return
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	ts.Fatalf("no line matches %s in\n%s", args[1], text)
}

// copyDir copies a folder of examples/ to where a walkthrough may change it.
func copyDir(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(os.CopyFS(ts.MkAbs(args[1]), os.DirFS(args[0])))
}
