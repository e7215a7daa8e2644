package prose

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// textsOf returns the prose of a file by its type.
func textsOf(fsys fs.FS, name string) ([]*Text, error) {
	read := readerOf(name)
	if read == nil {
		return nil, nil
	}
	content, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, err
	}
	return read(name, string(content))
}

// A reader returns the texts of a file.
type reader func(name, content string) ([]*Text, error)

func readerOf(name string) reader {
	switch path.Ext(name) {
	case ".go":
		return readGo
	case ".md":
		return readMarkdown
	case ".txtar":
		return readWalkthrough
	case ".yaml", ".yml", ".sh", ".cfg", ".service", ".toml":
		return readComments
	}
	switch path.Base(name) {
	case "Makefile", "Dockerfile", "run", "fuzz":
		return readComments
	}
	return nil
}

// readGo returns the comments and the strings of a Go file, but not its import
// paths, struct tags and single words.
func readGo(name, content string) ([]*Text, error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, content, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var texts []*Text
	for _, group := range file.Comments {
		texts = append(texts, commentTexts(files, name, group)...)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.Field:
			n.Tag = nil
		case *ast.BasicLit:
			if text := literal(name, files.Position(n.Pos()).Line, n); text != nil {
				texts = append(texts, text)
			}
		}
		return true
	})
	return texts, nil
}

// commentTexts returns the paragraphs of a comment. Indented lines are code.
func commentTexts(files *token.FileSet, name string, group *ast.CommentGroup) (texts []*Text) {
	current := &Text{File: name}
	flush := func() {
		if len(current.starts) > 0 {
			texts = append(texts, current)
		}
		current = &Text{File: name}
	}
	for _, comment := range group.List {
		first := files.Position(comment.Pos()).Line
		body := strings.TrimSuffix(strings.TrimPrefix(comment.Text, "/*"), "*/")
		for i, line := range strings.Split(body, "\n") {
			line, isLine := strings.CutPrefix(line, "//")
			switch {
			case isLine && strings.HasPrefix(line, "\t"), isLine && line != "" && line[0] != ' ':
				flush() // code, or a directive
			case strings.TrimSpace(line) == "", strings.HasPrefix(strings.TrimSpace(line), "- "):
				flush()
				current.add(first+i, line)
			default:
				current.add(first+i, line)
			}
		}
	}
	flush()
	return texts
}

func literal(name string, line int, lit *ast.BasicLit) *Text {
	if lit.Kind != token.STRING {
		return nil
	}
	value, err := strconv.Unquote(lit.Value)
	if err != nil || !strings.Contains(strings.TrimSpace(value), " ") {
		return nil
	}
	text := &Text{File: name, Literal: true}
	multi := strings.HasPrefix(lit.Value, "`")
	for i, part := range strings.Split(value, "\n") {
		at := line
		if multi {
			at += i
		}
		text.add(at, part)
	}
	return text
}

var (
	fence      = regexp.MustCompile("^\\s*(```|~~~)")
	inlineCode = regexp.MustCompile("`+[^`]*`+")
	linkTarget = regexp.MustCompile(`\]\([^)]*\)`)
	newText    = regexp.MustCompile(`^\s*([-*+#>|]|\d+\.)`)
)

// readMarkdown returns the paragraphs, list items, headings and table rows of a
// page, without its code and its comments.
func readMarkdown(name, content string) (texts []*Text, err error) {
	current := &Text{File: name}
	flush := func() {
		if len(current.starts) > 0 {
			texts = append(texts, current)
		}
		current = &Text{File: name}
	}
	var code, comment bool
	for i, line := range strings.Split(content, "\n") {
		switch {
		case fence.MatchString(line):
			code = !code
			flush()
			continue
		case code:
			continue
		case strings.HasPrefix(strings.TrimSpace(line), "<!--"):
			comment = true
		}
		if comment {
			comment = !strings.Contains(line, "-->")
			continue
		}
		if strings.TrimSpace(line) == "" || newText.MatchString(line) {
			flush()
		}
		if indented := strings.HasPrefix(line, "    ") && len(current.starts) == 0 && !newText.MatchString(line); !indented {
			current.add(i+1, plain(line))
		}
	}
	flush()
	return texts, nil
}

// plain returns a line of Markdown without its markup. Code becomes one word.
func plain(line string) string {
	line = inlineCode.ReplaceAllString(line, "CODE")
	return strings.TrimLeft(linkTarget.ReplaceAllString(line, "]"), "#-*+>| ")
}

var hash = regexp.MustCompile(`(?:^|\s)#+\s(.*)$`)

// readComments returns what is after a # in a file, lines that follow each other
// as one text.
func readComments(name, content string) (texts []*Text, err error) {
	current := &Text{File: name}
	for i, line := range strings.Split(content+"\n", "\n") {
		comment := hash.FindStringSubmatch(line)
		if comment == nil {
			if len(current.starts) > 0 {
				texts = append(texts, current)
			}
			current = &Text{File: name}
			continue
		}
		current.add(i+1, comment[1])
	}
	return texts, nil
}

// readWalkthrough returns the comments of a script, up to its first file.
func readWalkthrough(name, content string) ([]*Text, error) {
	script, _, _ := strings.Cut(content, "\n-- ")
	return readComments(name, script)
}
