package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const tested = `package tested

import "testing"

func TestA_Passes(t *testing.T) { t.Log("hidden") }

func TestB_NeedsATool(t *testing.T) {
	t.Log("looks for it")
	t.Skip("SKIPPED, THE TOOL WAS NOT TESTED: there is no tool\ninstall it")
}

func TestC_NeedsIt(t *testing.T) {
	for _, name := range []string{"one", "two"} {
		t.Run(name, func(t *testing.T) { t.Skip("MONGODB_URI is not set") })
	}
}

func FuzzD(f *testing.F) {
	f.Add("seed")
	f.Fuzz(func(t *testing.T, _ string) { t.Skip() })
}
`

// module writes a module of one package with these tests and returns its folder.
func module(t *testing.T, tests string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module tested\n\ngo 1.26\n", "a_test.go": tests} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func reportOf(t *testing.T, tests string, args ...string) (output string, err error) {
	t.Helper()
	t.Chdir(module(t, tests))
	var out bytes.Buffer
	err = run(append(args, "-vet=off"), &out, io.Discard)
	return out.String(), err
}

func TestReport_EndsWithTheSkippedTests(t *testing.T) {
	for _, args := range [][]string{nil, {"-v"}} {
		got, err := reportOf(t, tested, args...)
		if err != nil {
			t.Fatalf("go test %q: %v\n%s", args, err, got)
		}
		want := `3 passed, 0 failed, 3 skipped
SKIPPED TestC_NeedsIt/one and 1 more: MONGODB_URI is not set
SKIPPED TestB_NeedsATool: THE TOOL WAS NOT TESTED: there is no tool
`
		if !strings.HasSuffix(got, want) {
			t.Errorf("go test %q prints\n%s\nwant this at the end:\n%s", args, got, want)
		}
		if !strings.Contains(got, "ok  \ttested\t") || !strings.Contains(got, "(3 skipped)\n") {
			t.Errorf("go test %q prints\n%s\nwant the line `ok tested … (3 skipped)`", args, got)
		}
		if shown, want := strings.Contains(got, "hidden"), len(args) > 0; shown != want {
			t.Errorf("go test %q shows the log of a test that passed: %v, want %v\n%s", args, shown, want, got)
		}
	}
}

func TestReport_NoSkipFailsOnASkippedTest(t *testing.T) {
	if got, err := reportOf(t, tested, "-noskip"); err == nil || !strings.Contains(err.Error(), "3 tests were skipped") {
		t.Errorf("error %v, want one that says 3 tests were skipped\n%s", err, got)
	}
}

func TestReport_ShowsWhyATestFailed(t *testing.T) {
	for name, tests := range map[string]string{
		"a test fails":        "func TestA_Fails(t *testing.T) { t.Error(\"the reason\") }",
		"a test panics":       "func TestA_Fails(t *testing.T) { panic(\"the reason\") }",
		"it does not compile": "var a int = theReason // the reason",
	} {
		t.Run(name, func(t *testing.T) {
			got, err := reportOf(t, "package tested\n\nimport \"testing\"\n\nfunc TestB(*testing.T) {}\n\n"+tests+"\n")
			if err == nil || !strings.Contains(got, "FAIL") || !strings.Contains(got, " 1 failed") {
				t.Errorf("error %v, output:\n%s\nwant an error and one failure", err, got)
			}
			if !strings.Contains(got, "the reason") && !strings.Contains(got, "theReason") {
				t.Errorf("output:\n%s\nwant the reason in it", got)
			}
		})
	}
}
