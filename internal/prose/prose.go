// Package prose checks the language of this repository: comments and strings in
// Go, Markdown, and the comments of YAML, scripts and walkthroughs. It finds words
// and patterns that readers stumble over and says what to write instead. The rules
// are in rules.txt.
//
// It is a floor, not the measure. The measure is to read a text aloud.
package prose

import (
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// A Fault is a place in a file that breaks a rule.
type Fault struct {
	File string
	Line int
	// Found is the text that breaks it.
	Found   string
	Instead string
}

// String returns a line such as FILE:LINE: "words": write instead: other words.
func (f Fault) String() string {
	return fmt.Sprintf("%s:%d: %q: write instead: %s", f.File, f.Line, f.Found, f.Instead)
}

// Check returns the faults of the files at and below the given paths, in the order
// of the files. Files that are not part of the prose (test data, generated files,
// other types) are left out.
func Check(fsys fs.FS, rules []Rule, roots ...string) (faults []Fault, err error) {
	err = walk(fsys, roots, func(name string) error {
		texts, err := textsOf(fsys, name)
		for _, text := range texts {
			faults = append(faults, text.check(rules)...)
		}
		return err
	})
	return faults, err
}

// Strings returns the texts in Go string literals that can reach a user: those with
// more than one word, outside tests, examples and tools.
func Strings(fsys fs.FS, roots ...string) (texts []*Text, err error) {
	err = walk(fsys, roots, func(name string) error {
		if !shipped(name) {
			return nil
		}
		found, err := textsOf(fsys, name)
		for _, text := range found {
			if text.Literal {
				texts = append(texts, text)
			}
		}
		return err
	})
	return texts, err
}

// shipped says whether a file is part of the program.
func shipped(name string) bool {
	if path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
		return false
	}
	for folder := range strings.SplitSeq(path.Dir(name), "/") {
		switch {
		case folder == "examples", folder == "e2e", folder == "prose", folder == "manual", folder == "simulation", strings.HasSuffix(folder, "test"):
			return false
		}
	}
	return true
}

// walk calls visit with every file at and below the roots.
func walk(fsys fs.FS, roots []string, visit func(name string) error) error {
	for _, root := range roots {
		err := fs.WalkDir(fsys, path.Clean(root), func(name string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case !entry.IsDir():
				return visit(name)
			case entry.Name() == ".git" || entry.Name() == "testdata" || entry.Name() == "dist":
				return fs.SkipDir
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
