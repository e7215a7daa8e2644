package cli_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestManual_HasAPageForEveryCommand(t *testing.T) {
	dir := t.TempDir()
	output(t, "man", dir)
	pages := commands(t)
	if len(pages) < 12 {
		t.Fatalf("completion offers %d commands, want at least 12: %v", len(pages), pages)
	}
	for _, command := range pages {
		name := "tokengraft-" + strings.Join(command, "-")
		page, err := os.ReadFile(filepath.Join(dir, name+".1"))
		if err != nil {
			t.Errorf("manual page of %q: %v, want a page", command, err)
			continue
		}
		if want := "tokengraft " + strings.Join(command, " "); !bytes.Contains(page, []byte(want)) {
			t.Errorf("%s.1 does not name %s:\n%s", name, want, page)
		}
	}
	if pages, _ := filepath.Glob(filepath.Join(dir, "*")); len(pages) != len(commands(t))+1 {
		t.Errorf("%d pages, want one for each of %d commands and tokengraft itself", len(pages), len(commands(t)))
	}
}

func TestManual_RequiresADirectory(t *testing.T) {
	for _, test := range []struct {
		args []string
		want int
	}{
		{[]string{"man"}, exitUsage},
		{[]string{"man", filepath.Join(t.TempDir(), "nowhere")}, exitFault},
	} {
		if got, _, stderr := run(t, test.args...); got != test.want {
			t.Errorf("tokengraft %q: exit code %d, %s; want %d", test.args, got, stderr, test.want)
		}
	}
}

func TestCompletion_SupportsEveryShell(t *testing.T) {
	for shell, want := range map[string]string{
		"bash":       "complete -o default -F __start_tokengraft tokengraft",
		"zsh":        "#compdef tokengraft",
		"fish":       "complete -c tokengraft",
		"powershell": "Register-ArgumentCompleter -CommandName 'tokengraft'",
	} {
		if got := output(t, "completion", shell); !strings.Contains(got, want) {
			t.Errorf("completion %s = %.200s; want %q in it", shell, got, want)
		}
	}
}

// commands returns all commands below the one with this name, as completion offers
// them, except help, which does not have a page.
func commands(t *testing.T, name ...string) (all [][]string) {
	t.Helper()
	args := append(append([]string{"__complete"}, name...), "")
	for line := range strings.Lines(output(t, args...)) {
		offer, _, isCommand := strings.Cut(line, "\t")
		if !isCommand || offer == "help" {
			continue
		}
		command := append(name[:len(name):len(name)], offer)
		all = append(append(all, command), commands(t, command...)...)
	}
	return all
}
