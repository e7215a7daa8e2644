package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestHelp_HasAnExampleAndTheExitCodesOfEveryCommand(t *testing.T) {
	for _, command := range append(commands(t), nil) {
		if len(command) > 1 && command[0] == "completion" {
			continue // of the library
		}
		help := output(t, append(command[:len(command):len(command)], "--help")...)
		for _, want := range []string{"\nExamples:\n  ", "\nExit codes:\n  0  ", "\n  1  ", "\n  2  "} {
			if !strings.Contains(help, want) {
				t.Errorf("tokengraft %s --help prints\n%s\nwant %q in it", strings.Join(command, " "), help, want)
			}
		}
	}
}

func TestHelp_SaysWhatTheOwnExitCodesMean(t *testing.T) {
	for command, want := range map[string]string{
		"try":           "  3  no token is enriched",
		"check":         "  0  there are no faults; there may be warnings\n  1  there are faults",
		"config deploy": "  3  the draft has faults, so the sidecar refuses it",
		"config diff":   "  3  the draft has faults, so deploy would refuse it",
		"health":        "  1  it is not, or does not answer",
	} {
		if help := output(t, append(strings.Fields(command), "--help")...); !strings.Contains(help, want) {
			t.Errorf("tokengraft %s --help prints\n%s\nwant %q in it", command, help, want)
		}
	}
}

func TestHelp_ListsManualPages(t *testing.T) {
	if help := output(t, "--help"); !strings.Contains(help, "\n  man         Write the manual pages") {
		t.Errorf("tokengraft --help prints\n%s\nwant man in it", help)
	}
	dir := t.TempDir()
	output(t, "man", dir)
	page, err := os.ReadFile(filepath.Join(dir, "tokengraft-check.1"))
	if err != nil || !strings.Contains(string(page), "1  there are faults") {
		t.Errorf("the manual page of check has no exit codes (%v):\n%s", err, page)
	}
}
