package walkthrough_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tokengraft/tokengraft/internal/e2e"
	"github.com/tokengraft/tokengraft/internal/e2e/programs"
)

// TestMain lets scripts run the test binary as each of these programs.
func TestMain(m *testing.M) {
	all := e2e.Programs()
	maps.Copy(all, map[string]func(){"curl": programs.Curl, "claims": claims, "token": firstToken, "field": field})
	testscript.Main(m, all)
}

// TestWalkthrough runs every examples/*/*.txtar.
func TestWalkthrough(t *testing.T) {
	t.Chdir("../../..")
	scripts, err := filepath.Glob("examples/*/*.txtar")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("walkthroughs in examples/: got none (error %v), want some", err)
	}
	examples, err := filepath.Abs("examples")
	if err != nil {
		t.Fatal(err)
	}
	builder := programs.NewBuilder(t, ".")
	for _, script := range scripts {
		t.Run(filepath.Base(filepath.Dir(script)), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(script)
			if err != nil {
				t.Fatal(err)
			}
			path := builder.Path(t, programsOf(string(text)))
			testscript.Run(t, testscript.Params{
				Files: []string{script},
				Setup: func(env *testscript.Env) error { setUp(t, env, examples, path); return nil },
				Cmds: map[string]func(*testscript.TestScript, bool, []string){
					"waitfor": waitFor, "waitmetric": waitMetric, "append": appendFile, "copydir": copyDir,
				},
			})
		})
	}
}

// setUp gives each walkthrough its own addresses.
func setUp(t *testing.T, env *testscript.Env, examples, path string) {
	for _, name := range []string{"PUBLIC", "ADMIN", "BACKEND", "MONGODB"} {
		env.Setenv(name, string(e2e.FreeAddress(t)))
	}
	env.Setenv("EXAMPLES", examples)
	env.Setenv("HOST", strings.Replace(env.Getenv("PUBLIC"), "127.0.0.1", "localhost", 1)) // PUBLIC as a name
	env.Setenv("PATH", path+string(os.PathListSeparator)+env.Getenv("PATH"))
	env.Setenv("LOG_FORMAT", "text")
}

var execLine = regexp.MustCompile(`(?m)^(?:! )?exec (\S+)`)

// programsOf returns the names of the programs that a script runs.
func programsOf(script string) (names []string) {
	for _, line := range execLine.FindAllStringSubmatch(script, -1) {
		names = append(names, line[1])
	}
	return names
}
