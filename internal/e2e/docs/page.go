//go:build unix

package docs

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
)

// A Page is one Markdown file.
type Page struct {
	Name  string
	Steps []Step // in the order of the page
}

// A Step is a fenced block with its directives, or a directive without a
// block.
type Step struct {
	Line     int
	Language string
	Text     string
	Directives
}

// A Fault is what is wrong with a page.
type Fault struct {
	Page    string
	Line    int
	Message string
}

func (f Fault) Error() string { return fmt.Sprintf("%s:%d: %s", f.Page, f.Line, f.Message) }

// parser collects the steps of one page.
type parser struct {
	page    *Page
	source  []byte
	pending Directives // of the block that follows
	line    int        // of the first pending directive
	faults  []Fault
}

// Parse reads a page.
func Parse(name string, source []byte) (*Page, []Fault) {
	p := &parser{page: &Page{Name: name}, source: source}
	root := goldmark.DefaultParser().Parse(text.NewReader(source))
	_ = ast.Walk(root, func(node ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering || node.Type() != ast.TypeBlock {
			return ast.WalkContinue, nil
		}
		p.visit(node)
		return ast.WalkContinue, nil
	})
	p.dangling()
	return p.page, p.faults
}

func (p *parser) visit(node ast.Node) {
	switch node := node.(type) {
	case *ast.HTMLBlock:
		p.comment(node)
	case *ast.FencedCodeBlock:
		p.fence(node)
	case *ast.CodeBlock:
		p.fault(p.lineOf(node), "an indented block: write it between fences, with its language")
	case *ast.Paragraph, *ast.Heading, *ast.TextBlock, *ast.ThematicBreak:
		p.dangling()
	}
}

// dangling is a fault if directives wait for a block that does not follow.
func (p *parser) dangling() {
	if p.line != 0 {
		p.fault(p.line, "a directive without a block directly after it")
	}
	p.pending, p.line = Directives{}, 0
}

func (p *parser) comment(node *ast.HTMLBlock) {
	content := string(node.Lines().Value(p.source))
	if node.HasClosure() {
		content += string(node.ClosureLine.Value(p.source))
	}
	directive, found := directiveIn(content)
	if !found {
		return
	}
	line := p.lineOf(node)
	standalone, err := p.pending.parse(directive)
	switch {
	case err != nil:
		p.fault(line, err.Error())
	case standalone:
		p.page.Steps = append(p.page.Steps, Step{Line: line, Directives: p.pending})
		p.pending = Directives{}
	case p.line == 0:
		p.line = line
	}
}

func (p *parser) fence(node *ast.FencedCodeBlock) {
	step := Step{Line: p.lineOf(node), Language: string(node.Language(p.source)), Directives: p.pending}
	step.Text = string(node.Lines().Value(p.source))
	p.pending, p.line = Directives{}, 0
	if err := step.handled(); err != nil {
		p.fault(step.Line, err.Error())
		return
	}
	p.page.Steps = append(p.page.Steps, step)
}

// handled is an error if nothing says what to do with a block.
func (s Step) handled() error {
	if s.From != "" || s.File != "" || s.YAML || s.Output || s.Elsewhere != "" || s.NotRun != "" {
		return nil
	}
	switch s.Language {
	case "yaml", "sh", "console", "json", "text", "":
		return nil
	case "go":
		return fmt.Errorf("a Go block must be part of a compiled file: say which with <!-- test: from PATH -->")
	}
	return fmt.Errorf("nothing says how to test a block of language %q: see the documentation of internal/e2e/docs", s.Language)
}

// lineOf returns the line that a block begins in, counted from 1. The lines of a
// fenced block do not include its fence.
func (p *parser) lineOf(node ast.Node) int {
	offset, before := 0, 0
	if lines := node.Lines(); lines.Len() > 0 {
		offset = lines.At(0).Start
		if node.Kind() == ast.KindFencedCodeBlock {
			before = 1
		}
	} else if fence, ok := node.(*ast.FencedCodeBlock); ok && fence.Info != nil {
		offset = fence.Info.Segment.Start
	}
	return 1 + bytes.Count(p.source[:offset], []byte("\n")) - before
}

func (p *parser) fault(line int, message string) {
	p.faults = append(p.faults, Fault{p.page.Name, line, message})
}

// lines returns the lines of a text, without those at its end that are empty.
func lines(text string) []string {
	return strings.Split(strings.TrimRight(text, "\n \t"), "\n")
}
