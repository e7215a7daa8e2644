//go:build unix

package docs

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// checkExcerpt compares a block with a file of the repository. Indentation may
// differ, and "…" stands for what is left out.
func checkExcerpt(root string, step Step) error {
	content, err := os.ReadFile(filepath.Join(root, step.From))
	if err != nil {
		return err
	}
	shown := lines(step.Text)
	for i, line := range shown {
		if strings.Trim(line, " \t/#") == anything {
			shown[i] = anything
		}
	}
	if !containsLines(nonEmpty(shown), nonEmpty(lines(string(content)))) {
		return fmt.Errorf("these lines are not in %s:\n%s", step.From, step.Text)
	}
	return nil
}

// checkElsewhere checks that the test exists which is said to run a block, and that
// its package mentions the first words of each command.
func checkElsewhere(root string, step Step) error {
	dir, err := folderOfTest(root, step.Elsewhere)
	if err != nil {
		return err
	}
	text, err := textOf(root, dir)
	if err != nil {
		return err
	}
	for _, key := range keyWords(step.Text) {
		if !strings.Contains(text, key) {
			return fmt.Errorf("the test %s is said to run this, but %s does not mention %q", step.Elsewhere, dir, key)
		}
	}
	return nil
}

// folderOfTest returns the folder of the package that has a test.
func folderOfTest(root, name string) (dir string, err error) {
	declaration := []byte("\nfunc " + name + "(")
	err = fs.WalkDir(os.DirFS(root), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		content, err := os.ReadFile(filepath.Join(root, path))
		if strings.Contains(string(content), string(declaration)) {
			dir = filepath.Dir(path)
			return fs.SkipAll
		}
		return err
	})
	if err == nil && dir == "" {
		err = fmt.Errorf("there is no test %s", name)
	}
	return dir, err
}

// textOf returns the text of the files in a folder. The walkthroughs are in
// examples/.
func textOf(root, dir string) (string, error) {
	folders := []string{filepath.Join(root, dir, "*"), filepath.Join(root, dir, "testdata", "*")}
	if filepath.Base(dir) == "walkthrough" {
		folders = append(folders, filepath.Join(root, "examples", "*", "*.txtar"))
	}
	var all strings.Builder
	for _, pattern := range folders {
		files, err := filepath.Glob(pattern)
		if err != nil {
			return "", err
		}
		for _, file := range files {
			if content, err := os.ReadFile(file); err == nil {
				all.Write(content)
			}
		}
	}
	return all.String(), nil
}

var plainWord = regexp.MustCompile(`^[a-z][\w./-]*$`)

// keyWords are the program of each command, and its subcommand.
func keyWords(text string) (words []string) {
	for _, line := range lines(text) {
		fields := slices.DeleteFunc(strings.Fields(strings.TrimPrefix(line, "$ ")), func(f string) bool { return strings.Contains(f, "=") })
		for _, field := range fields[:min(2, len(fields))] {
			if !plainWord.MatchString(field) {
				break
			}
			words = append(words, field)
		}
	}
	return words
}
