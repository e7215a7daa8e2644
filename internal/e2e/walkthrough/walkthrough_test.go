package walkthrough_test

import (
	"context"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tokengraft/tokengraft/internal/cli"
)

// TestMain lets scripts run this test binary under these names.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"tokengraft": tokengraft,
		"curl":       curl,
		"claims":     claims,
		"token":      firstToken,
		"field":      field,
	})
}

// tokengraft does what main does.
func tokengraft() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cli.Run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// TestWalkthrough runs every examples/*/*.txtar.
func TestWalkthrough(t *testing.T) {
	t.Chdir("../../..")
	scripts, err := filepath.Glob("examples/*/*.txtar")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no walkthroughs in examples/, %v", err)
	}
	examples, err := filepath.Abs("examples")
	if err != nil {
		t.Fatal(err)
	}
	for _, script := range scripts {
		t.Run(filepath.Base(filepath.Dir(script)), func(t *testing.T) {
			text, err := os.ReadFile(script)
			if err != nil {
				t.Fatal(err)
			}
			path := pathOf(t, programsIn(string(text)))
			testscript.Run(t, testscript.Params{
				Files: []string{script},
				Setup: func(env *testscript.Env) error { return setUp(env, examples, path) },
				Cmds: map[string]func(*testscript.TestScript, bool, []string){
					"waitfor": waitFor, "waitmetric": waitMetric, "append": appendFile, "copydir": copyDir,
				},
			})
		})
	}
}

// setUp gives each walkthrough addresses of its own.
func setUp(env *testscript.Env, examples, path string) error {
	for _, name := range []string{"PUBLIC", "ADMIN", "BACKEND", "MONGODB"} {
		address, err := freeAddress()
		if err != nil {
			return err
		}
		env.Setenv(name, address)
	}
	env.Setenv("EXAMPLES", examples)
	env.Setenv("HOST", strings.Replace(env.Getenv("PUBLIC"), "127.0.0.1", "localhost", 1)) // PUBLIC as a name
	env.Setenv("PATH", path+string(os.PathListSeparator)+env.Getenv("PATH"))
	env.Setenv("LOG_FORMAT", "text")
	return nil
}
