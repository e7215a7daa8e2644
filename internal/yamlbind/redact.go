package yamlbind

import (
	"bytes"
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A Redactor hides secrets in the text of a file.
type Redactor struct {
	// Mark stands for a secret.
	Mark string
	// Secret reports whether a key is the name of a secret.
	Secret func(key string) bool

	before map[string]string // the secrets of an earlier text by their paths; nil if there is none
}

// onlyVariable matches a value that is only the name of a variable.
var onlyVariable = regexp.MustCompile(`^\$\{[A-Za-z_][A-Za-z0-9_]*\}$`)

// userInfo matches the start of a URL up to the name and password in it.
var userInfo = regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*://)[^\s"'<>]*@`)

// Redact returns the text with the mark instead of each value of a secret, also in
// comments, and instead of names and passwords in URLs. It returns an error if it cannot
// hide them for certain. The error has no text of the file.
func (r Redactor) Redact(source []byte) ([]byte, error) {
	text, bom := bytes.CutPrefix(source, []byte("\ufeff"))
	root, err := parseText(text)
	if err != nil {
		return nil, err
	}
	var cuts []replaced
	err = r.secrets("", root, func(path string, value *Node) error {
		cut, err := textSpan(text, value)
		if err != nil {
			return fmt.Errorf("%s is written in a way that cannot be hidden for certain", path)
		}
		cuts = append(cuts, replaced{cut, quoted(r.mark(path, value))})
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := r.comments(userInfo.ReplaceAll(cutOut(text, cuts), []byte("${1}"+r.Mark+"@")))
	if err := r.verify(root, out); err != nil {
		return nil, err
	}
	if bom {
		out = append([]byte("\ufeff"), out...)
	}
	return out, nil
}

// RedactSince is Redact, but a secret that differs from the one of an earlier text has
// another mark, so that a comparison shows it.
func (r Redactor) RedactSince(source, before []byte) ([]byte, error) {
	root, err := parseText(bytes.TrimPrefix(before, []byte("\ufeff")))
	if err != nil {
		return nil, err
	}
	r.before = map[string]string{}
	_ = r.secrets("", root, func(path string, value *Node) error {
		r.before[path] = value.Text
		return nil
	})
	return r.Redact(source)
}

// mark returns what stands for a secret.
func (r Redactor) mark(path string, value *Node) string {
	if r.before == nil || r.before[path] == value.Text {
		return r.Mark
	}
	return strings.TrimSuffix(r.Mark, "]") + ", changed]"
}

// secrets calls f with each secret below a node that is written in the file.
func (r Redactor) secrets(path string, n *Node, f func(path string, value *Node) error) error {
	for i, item := range n.Items {
		if err := r.secrets(index(path, i), item, f); err != nil {
			return err
		}
	}
	for _, p := range n.Pairs {
		at := join(path, p.Key)
		var err error
		switch {
		case !r.Secret(p.Key) || p.Value.Kind == Mapping || p.Value.Kind == List:
			err = r.secrets(at, p.Value, f)
		case p.Value.Kind != Nothing && p.Value.Text != "" && !onlyVariable.MatchString(p.Value.Text):
			err = f(at, p.Value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// verify checks that a redacted text differs from the tree of its file only in secrets.
func (r Redactor) verify(root *Node, text []byte) error {
	after, err := parseText(text)
	if err != nil || !same(r.redacted("", "", root), after) {
		return fmt.Errorf("the secrets are written in a way that cannot be hidden for certain")
	}
	return nil
}

// redacted returns a tree with the mark instead of secrets.
func (r Redactor) redacted(path, key string, n *Node) *Node {
	out := *n
	switch n.Kind {
	case Text, Bare:
		if r.Secret(key) && n.Text != "" && !onlyVariable.MatchString(n.Text) {
			return &Node{Kind: Text, Text: r.mark(path, n)}
		}
		out.Text = userInfo.ReplaceAllString(n.Text, "${1}"+r.Mark+"@")
	case List:
		out.Items = make([]*Node, len(n.Items))
		for i, item := range n.Items {
			out.Items[i] = r.redacted(index(path, i), "", item)
		}
	case Mapping:
		out.Pairs = slices.Clone(n.Pairs)
		for i, p := range n.Pairs {
			out.Pairs[i].Value = r.redacted(join(path, p.Key), p.Key, p.Value)
		}
	}
	return &out
}

// textSpan returns where the text of a value is in its file.
func textSpan(source []byte, n *Node) (span, error) {
	start, ok := offsetOf(source, n.Place)
	switch {
	case !ok || start >= len(source):
		return span{}, errStyle
	case source[start] == '"' || source[start] == '\'':
		end, err := quotedEnd(source, start)
		return span{start, end}, err
	case bytes.HasPrefix(source[start:], []byte(n.Text)):
		return span{start, start + len(n.Text)}, nil
	}
	return span{}, errStyle
}

// A replaced is a part of a text with another text instead.
type replaced struct {
	span
	text string
}

// cutOut returns a text with the replaced parts. Of parts at the same place, which are
// aliases, the first counts.
func cutOut(source []byte, cuts []replaced) []byte {
	slices.SortStableFunc(cuts, func(a, b replaced) int { return cmp.Compare(a.start, b.start) })
	var out bytes.Buffer
	at := 0
	for _, cut := range cuts {
		if cut.start < at {
			continue
		}
		out.Write(source[at:cut.start])
		out.WriteString(cut.text)
		at = cut.end
	}
	out.Write(source[at:])
	return out.Bytes()
}

var (
	commentStart = regexp.MustCompile(`(^|\s)#`)
	commentKey   = regexp.MustCompile(`([\w-]+)["']?[ \t]*[:=][ \t]*`)
)

// comments returns a text with the mark instead of secrets in comments. Such a line is
// hidden from the value to its end, and with it the lines of the value below.
func (r Redactor) comments(text []byte) []byte {
	lines := strings.SplitAfter(string(text), "\n")
	hide := false
	for i, line := range lines {
		body := strings.TrimRight(line, "\r\n")
		at := commentStart.FindStringIndex(body)
		if at == nil {
			hide = false
			continue
		}
		if hide && strings.TrimSpace(body[:at[1]]) == "#" && len(body) > at[1] && !startsKey(body[at[1]:]) {
			lines[i] = body[:at[1]] + " " + r.Mark + line[len(body):]
			continue
		}
		hide = false
		for _, key := range commentKey.FindAllStringSubmatchIndex(body[at[1]:], -1) {
			name, from := body[at[1]+key[2]:at[1]+key[3]], at[1]+key[1]
			value := strings.TrimSpace(body[from:])
			if !r.Secret(name) || onlyVariable.MatchString(value) || strings.HasPrefix(body[from:], "//") {
				continue
			}
			hide = value == "" || strings.IndexByte("|>\"'", value[0]) >= 0
			if value != "" {
				lines[i] = body[:from] + r.Mark + line[len(body):]
			}
			break
		}
	}
	return []byte(strings.Join(lines, ""))
}

// startsKey reports whether a comment is a setting that is commented out.
func startsKey(comment string) bool {
	at := commentKey.FindStringIndex(comment)
	return at != nil && strings.TrimSpace(comment[:at[0]]) == ""
}
