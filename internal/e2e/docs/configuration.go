//go:build unix

package docs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/tokengraft/tokengraft/config"
)

// checkConfiguration loads what a page shows of a configuration. A part of one may
// leave out the rest, and the files that it names do not have to exist.
func checkConfiguration(text string) error {
	dir, err := os.MkdirTemp("", "docs-configuration-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "tokengraft.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return err
	}
	_, err = config.Load(file, anyVariable)
	faults, ok := errors.AsType[config.Faults](err)
	if !ok {
		return err
	}
	var wrong []string
	for _, fault := range faults {
		if _, isFile := errors.AsType[*config.FileError](fault.Err); !isFile && !isMissing(fault.Err.Error()) {
			wrong = append(wrong, strings.ReplaceAll(fault.Error(), dir+string(filepath.Separator), ""))
		}
	}
	if wrong == nil {
		return nil
	}
	return errors.New("the configuration is wrong:\n" + strings.Join(wrong, "\n"))
}

func isMissing(message string) bool {
	return strings.HasPrefix(message, "is required") || strings.HasPrefix(message, "no keys of the backend")
}

// anyVariable has a value of the likely kind for every variable.
func anyVariable(name string) (string, bool) {
	switch {
	case strings.Contains(name, "URI"):
		return "mongodb://127.0.0.1:1", true
	case strings.Contains(name, "URL"):
		return "http://127.0.0.1:1", true
	}
	return "0123456789abcdef0123456789abcdef", true
}

func checkYAML(text string) error {
	decoder := yaml.NewDecoder(strings.NewReader(text))
	for {
		var document any
		if err := decoder.Decode(&document); err != nil {
			if err.Error() == "EOF" {
				return nil
			}
			return fmt.Errorf("is not YAML: %w", err)
		}
	}
}

var (
	listens  = regexp.MustCompile(`(?m)^listen:`)
	hasAdmin = regexp.MustCompile(`(?m)^admin:`)
)

// nameAdmin adds the address of the admin listener to configurations that use the
// default one, which other tests and pages use, too.
func (s *session) nameAdmin() error {
	for _, dir := range []string{s.dir, s.repo} {
		files, _ := filepath.Glob(filepath.Join(dir, "*.yaml"))
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil || !listens.Match(content) || hasAdmin.Match(content) {
				continue
			}
			text := strings.TrimRight(string(content), "\n") + "\nadmin: 127.0.0.1:" + s.addresses.free[defaultAdmin] + "\n"
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				return err
			}
		}
	}
	return nil
}
