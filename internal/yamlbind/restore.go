package yamlbind

import (
	"bytes"
	"errors"
	"strings"
)

// Restore returns the text of a draft with the secrets of the file that it was made from
// instead of marks. The faults are the marks that stand for no secret of that file.
func (r Redactor) Restore(draft, base []byte) ([]byte, []Fault) {
	if !bytes.Contains(draft, []byte(r.Mark)) {
		return draft, nil
	}
	text, bom := bytes.CutPrefix(draft, []byte("\ufeff"))
	root, err := parseText(text)
	if err != nil {
		return draft, nil // the parser says what is wrong
	}
	base, _ = bytes.CutPrefix(base, []byte("\ufeff"))
	was, err := parseText(base)
	if err != nil {
		was = &Node{}
	}
	s := restorer{r: r, draft: text, base: base}
	s.node("", root, "", was)
	out := s.result(func(r restored) string { return r.text })
	if got, err := parseText(out); err != nil || !same(got, root) {
		out = s.result(func(r restored) string { return r.quoted }) // it is in brackets now
	}
	if got, err := parseText(out); err != nil || !same(got, root) {
		s.faults = append(s.faults, Fault{Place{1, 1}, "", errors.New(r.Mark + " cannot be replaced for certain; write the values")})
	}
	out = s.comments(out)
	if bom {
		out = append([]byte("\ufeff"), out...)
	}
	return out, s.faults
}

// A restorer puts the secrets of a file into a draft.
type restorer struct {
	r           Redactor
	draft, base []byte
	cuts        []restored
	faults      []Fault
}

// A restored is the part of a draft that becomes a secret again.
type restored struct {
	span
	text   string // as it is written in the file
	quoted string // the same in quotes
}

// node looks for marks below a node of the draft. Was is the same node of the file, or
// nil.
func (s *restorer) node(path string, n *Node, key string, was *Node) {
	switch {
	case n.Kind == Text && strings.Contains(n.Text, s.r.Mark):
		s.mark(path, n, key, was)
	case n.Kind == List && s.r.Secret(key) && len(n.Items) == 1 && "["+n.Items[0].Text+"]" == s.r.Mark:
		s.mark(path, n, key, was) // the mark without quotes
	}
	for i, item := range n.Items {
		var before *Node
		if was != nil && i < len(was.Items) {
			before = was.Items[i]
		}
		s.node(index(path, i), item, "", before)
	}
	for _, p := range n.Pairs {
		var before *Node
		if was != nil {
			before = was.Get(p.Key)
		}
		s.node(join(path, p.Key), p.Value, p.Key, before)
	}
}

func (s *restorer) mark(path string, n *Node, key string, was *Node) {
	wrong := func(err error) { s.faults = append(s.faults, Fault{n.Place, path, err}) }
	if was == nil || was.Text == "" || n.Kind == Text && s.r.redacted(path, key, was).Text != n.Text {
		wrong(errors.New(s.r.Mark + " stands for no secret of the file; write the value"))
		return
	}
	from, err := textSpan(s.base, was)
	if err != nil {
		wrong(errors.New("the secret of the file cannot be found for certain; write the value"))
		return
	}
	on, err := textSpan(s.draft, n)
	if n.Kind == List {
		on, err = s.brackets(n)
	}
	if err != nil {
		wrong(errors.New(s.r.Mark + " must be on one line, in quotes"))
		return
	}
	s.cuts = append(s.cuts, restored{on, string(s.base[from.start:from.end]), quoted(was.Text)})
	n.Kind, n.Text, n.Items = was.Kind, was.Text, nil
}

// brackets returns the span of a mark without quotes.
func (s *restorer) brackets(n *Node) (span, error) {
	start, ok := offsetOf(s.draft, n.Place)
	if !ok || !bytes.HasPrefix(s.draft[start:], []byte(s.r.Mark)) {
		return span{}, errStyle
	}
	return span{start, start + len(s.r.Mark)}, nil
}

// result returns the draft with the secrets as written says.
func (s *restorer) result(written func(restored) string) []byte {
	cuts := make([]replaced, len(s.cuts))
	for i, cut := range s.cuts {
		cuts[i] = replaced{cut.span, written(cut)}
	}
	return cutOut(s.draft, cuts)
}

// comments returns a draft with the comments of the file as they were. Of several equal
// lines each becomes the next of the file.
func (s *restorer) comments(draft []byte) []byte {
	shown, err := s.r.Redact(s.base)
	before, after := strings.SplitAfter(string(s.base), "\n"), strings.SplitAfter(string(shown), "\n")
	if err != nil || len(before) != len(after) {
		return draft
	}
	lines := strings.SplitAfter(string(draft), "\n")
	for i, line := range lines {
		if !strings.Contains(line, s.r.Mark) {
			continue
		}
		for j := range after {
			if after[j] == line && before[j] != line {
				lines[i], after[j] = before[j], ""
				break
			}
		}
	}
	return []byte(strings.Join(lines, ""))
}
