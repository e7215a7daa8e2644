//go:build unix

package docs

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/internal/e2e/programs"
)

// A Runner runs pages of the repository at Root.
type Runner struct {
	Root    string
	Builder *programs.Builder
	// OutputTime is how long programs in the background may take to write what a page
	// shows.
	OutputTime time.Duration
}

// NewRunner returns a runner that has patience with a busy machine.
func NewRunner(t testing.TB, root string) *Runner {
	return &Runner{root, programs.NewBuilder(t, root), time.Minute}
}

// Check tests what can be tested without running a command: configurations,
// excerpts, and tests that run a block elsewhere.
func (r *Runner) Check(page *Page) (faults []Fault) {
	for _, step := range page.Steps {
		if err := r.check(step); err != nil {
			faults = append(faults, Fault{page.Name, step.Line, err.Error()})
		}
	}
	return faults
}

// Run runs the commands of a page until one of them fails.
func (r *Runner) Run(t testing.TB, page *Page) (faults []Fault) {
	words := commandWords(page)
	if _, err := exec.LookPath("jq"); words["jq"] && err != nil {
		t.Skipf("SKIPPED, NOTHING WAS TESTED: %s uses jq, which is not installed", page.Name)
	}
	s := newSession(t, r.Root, r.Builder.Path(t, programsAmong(words)), newAddresses(t, page))
	s.outputTime = r.OutputTime
	defer s.stopAll()
	for _, step := range page.Steps {
		if err := s.step(step); err != nil {
			return []Fault{{page.Name, step.Line, err.Error()}}
		}
	}
	return nil
}

func (r *Runner) check(step Step) error {
	switch {
	case step.NotRun != "":
		return nil
	case step.Elsewhere != "":
		return checkElsewhere(r.Root, step)
	case step.From != "":
		return checkExcerpt(r.Root, step)
	case step.YAML:
		return checkYAML(step.Text)
	case step.Language == "yaml":
		return checkConfiguration(step.Text)
	}
	return nil
}

// step does what belongs to the session.
func (s *session) step(step Step) error {
	if step.File != "" {
		if err := s.writeFile(step); err != nil {
			return err
		}
	}
	switch {
	case step.NotRun != "" || step.Elsewhere != "":
		return nil
	case step.Setup != "":
		return s.setUp(step.Setup, step.InRepo)
	case step.Env != "":
		_, err := s.run("export "+step.Env, false, 0)
		return err
	case step.Stop != "":
		return s.stop(step.Stop)
	case step.Output:
		return s.checkOutput(step)
	case step.Language == "sh" && step.File == "":
		return s.block(step, commandOf{command: strings.TrimSpace(step.Text)})
	case step.Language == "console":
		return s.console(step)
	}
	return nil
}

func (s *session) writeFile(step Step) error {
	dir := s.dir
	if step.InRepo {
		dir = s.repo
	}
	name := filepath.Join(dir, step.File)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, []byte(s.addresses.replace(step.Text)), 0o600)
}

// A commandOf a console block, with the lines that follow it.
type commandOf struct {
	command string
	output  []string
}

// console runs the commands of a console block one by one, and compares their
// output.
func (s *session) console(step Step) error {
	commands, err := commandsOf(step.Text)
	if err != nil {
		return err
	}
	for i, c := range commands {
		one := step
		if i < len(commands)-1 {
			one.Exit, one.Background = 0, false
		}
		if err := s.block(one, c); err != nil {
			return err
		}
	}
	return nil
}

// commandsOf splits a console block. A command continues on a line that begins
// with "> ", or after one that ends with a backslash.
func commandsOf(text string) (commands []commandOf, err error) {
	continued := false
	for _, line := range lines(text) {
		command, begins := strings.CutPrefix(line, "$ ")
		more, continues := strings.CutPrefix(line, "> ")
		switch last := len(commands) - 1; {
		case begins:
			commands = append(commands, commandOf{command: command})
		case last < 0:
			return nil, errors.New(`a console block begins with a command, "$ …"`)
		case continued || continues && len(commands[last].output) == 0:
			commands[last].command += "\n" + more
		default:
			commands[last].output = append(commands[last].output, line)
		}
		continued = strings.HasSuffix(line, "\\") && (begins || continued)
	}
	return commands, nil
}

// block runs commands, and compares their output if the page shows it.
func (s *session) block(step Step, c commandOf) error {
	if err := s.nameAdmin(); err != nil {
		return err
	}
	if step.Background {
		return s.blockInBackground(step, c)
	}
	got, err := s.run(c.command, step.InRepo, step.Exit)
	if err != nil {
		return fmt.Errorf("%w\n$ %s\n%s", err, c.command, got)
	}
	if step.Language == "console" && !matchLines(nonEmpty(c.output), nonEmpty(lines(got))) {
		return differs(c.command, strings.Join(c.output, "\n"), got)
	}
	return nil
}

func (s *session) blockInBackground(step Step, c commandOf) error {
	p, err := s.startUntil(c.command, step.InRepo, func(p *process) bool { return strings.Contains(p.output.String(), step.Until) })
	if err != nil {
		return fmt.Errorf("%w\n$ %s", err, c.command)
	}
	return s.eventually(c.command, c.output, p.output.String)
}

// checkOutput compares a block with what the block before has written.
func (s *session) checkOutput(step Step) error {
	return s.eventually("the block before", lines(step.Text), s.last.String)
}

// eventually waits until what a page shows is in an output that may be still
// growing.
func (s *session) eventually(command string, shown []string, output func() string) error {
	deadline := time.Now().Add(s.outputTime)
	for !containsLines(nonEmpty(shown), nonEmpty(lines(output()))) {
		if time.Now().After(deadline) {
			return differs(command, strings.Join(shown, "\n"), output())
		}
		time.Sleep(50 * time.Millisecond)
	}
	return nil
}

func differs(command, want, got string) error {
	shown := nonEmpty(lines(want))
	where := "want no such output"
	if n := matchingPrefix(shown, nonEmpty(lines(got))); n < len(shown) {
		where = fmt.Sprintf("the first line of the page that does not fit: %s", shown[n])
	} else if len(shown) > 0 {
		where = "the output has lines that the page does not show"
	}
	return fmt.Errorf("the output differs; %s\n$ %s\nwant:\n%s\ngot:\n%s", where, command, want, got)
}

// nonEmpty drops empty lines, which pages may add or leave out.
func nonEmpty(all []string) (kept []string) {
	for _, line := range all {
		if strings.TrimSpace(line) != "" {
			kept = append(kept, line)
		}
	}
	return kept
}

var word = regexp.MustCompile(`[\w.-]+`)

// commandWords returns the words of the commands of a page.
func commandWords(page *Page) map[string]bool {
	used := map[string]bool{}
	for _, step := range page.Steps {
		text := step.Setup
		if (step.Language == "sh" || step.Language == "console") && step.NotRun == "" && step.Elsewhere == "" {
			text += "\n" + strings.ReplaceAll(step.Text, "examples/app-services/backend", "appservices")
		}
		if strings.Contains(text, "mongodb --") || strings.Contains(text, "examples/mongodb") {
			text += " ferretdb mongodb"
		}
		for _, found := range word.FindAllString(text, -1) {
			used[found] = true
		}
	}
	return used
}

// programsAmong returns the programs that commands with these words may run.
func programsAmong(used map[string]bool) (names []string) {
	for _, name := range programs.Names() {
		if used[name] {
			names = append(names, name)
		}
	}
	return names
}
