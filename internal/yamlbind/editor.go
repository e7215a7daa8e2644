package yamlbind

import (
	"bytes"
	"slices"
	"strings"
)

// An editor changes the text of a file. The result is parsed afterwards, so the editor does
// not have to know everything about YAML.
type editor struct {
	source  []byte
	newline string
}

// A section is a mapping of a file.
type section struct {
	node *Node
	// inside is behind the opening bracket of a mapping in brackets; 0 for others.
	inside int
	// indent is how far the keys of a new block are indented. The keys of a block that has
	// some decide for themselves.
	indent int
	// first is where the lines of a block start.
	first int
}

func (s section) inBrackets() bool { return s.inside > 0 }

// set returns the text with a changed setting of a section.
func (e editor) set(s section, keys []string, value *Node) ([]byte, error) {
	i := slices.IndexFunc(s.node.Pairs, func(p Pair) bool { return p.Key == keys[0] })
	switch {
	case i < 0 && value == nil:
		return e.source, nil
	case i < 0:
		return e.insert(s, keys, value)
	}
	pair := s.node.Pairs[i]
	at, ok := offsetOf(e.source, pair.Place)
	if !ok {
		return nil, errStyle
	}
	behind, err := valueStart(e.source, at, pair.Key)
	if err != nil {
		return nil, err
	}
	switch {
	case len(keys) > 1:
		below, err := e.below(s, pair, at, behind)
		if err != nil {
			return nil, err
		}
		return e.set(below, keys[1:], value)
	case value == nil:
		return e.remove(s, pair, at, behind)
	}
	return e.replace(s, pair, at, behind, value)
}

// below returns the section that is the value of a pair.
func (e editor) below(s section, pair Pair, at, behind int) (section, error) {
	on, err := scalarSpan(e.source, behind, s.inBrackets())
	switch indent := at - lineStart(e.source, at); {
	case err != nil:
		return section{}, err
	case pair.Value.Kind != Mapping && pair.Value.Kind != Nothing:
		return section{}, errStyle
	case on.start < on.end && e.source[on.start] == '{':
		return section{node: pair.Value, inside: on.start + 1}, nil
	case on.start < on.end || s.inBrackets():
		return section{}, errStyle
	default:
		return section{node: pair.Value, indent: indent + 2, first: lineEnd(e.source, behind)}, nil
	}
}

// insert adds a setting at the end of a section.
func (e editor) insert(s section, keys []string, value *Node) ([]byte, error) {
	if s.inBrackets() {
		return e.insertInBrackets(s, keys, value)
	}
	indent, at := s.indent, s.first
	if len(s.node.Pairs) > 0 {
		first, ok := offsetOf(e.source, s.node.Pairs[0].Place)
		if !ok {
			return nil, errStyle
		}
		at = lineStart(e.source, first)
		indent = first - at
	}
	at = blockEnd(e.source, at, indent)
	var lines strings.Builder
	if at > 0 && e.source[at-1] != '\n' {
		lines.WriteString(e.newline)
	}
	for i, key := range keys {
		lines.WriteString(strings.Repeat(" ", indent+2*i) + key + ":")
		if i == len(keys)-1 {
			lines.WriteString(" " + written(value))
		}
		lines.WriteString(e.newline)
	}
	return e.splice(span{at, at}, lines.String()), nil
}

func (e editor) insertInBrackets(s section, keys []string, value *Node) ([]byte, error) {
	text := written(value)
	for i, key := range slices.Backward(keys) {
		text = key + ": " + text
		if i > 0 {
			text = "{" + text + "}"
		}
	}
	if len(s.node.Pairs) == 0 {
		return e.splice(span{s.inside, s.inside}, text), nil
	}
	last := s.node.Pairs[len(s.node.Pairs)-1]
	on, err := e.valueOf(last)
	if err != nil {
		return nil, err
	}
	return e.splice(span{on.end, on.end}, ", "+text), nil
}

// valueOf returns the span of the value of a pair in brackets.
func (e editor) valueOf(pair Pair) (span, error) {
	at, ok := offsetOf(e.source, pair.Place)
	if !ok {
		return span{}, errStyle
	}
	behind, err := valueStart(e.source, at, pair.Key)
	if err != nil {
		return span{}, err
	}
	return scalarSpan(e.source, behind, true)
}

// remove removes a setting with its line, or from its brackets.
func (e editor) remove(s section, pair Pair, at, behind int) ([]byte, error) {
	if !s.inBrackets() {
		all, err := e.linesOf(pair, at, behind)
		if err != nil {
			return nil, err
		}
		return e.splice(all, ""), nil
	}
	on, err := scalarSpan(e.source, behind, true)
	if err != nil {
		return nil, err
	}
	cut := span{at, skipSpaces(e.source, on.end)}
	if cut.end < len(e.source) && e.source[cut.end] == ',' {
		cut.end = skipSpaces(e.source, cut.end+1)
		return e.splice(cut, ""), nil
	}
	before := bytes.TrimRight(e.source[:at], " \t\r\n")
	if bytes.HasSuffix(before, []byte(",")) {
		cut = span{len(before) - 1, on.end}
	}
	return e.splice(cut, ""), nil
}

// linesOf returns the lines of a setting of a block.
func (e editor) linesOf(pair Pair, at, behind int) (span, error) {
	start := lineStart(e.source, at)
	indent := at - start
	if len(bytes.TrimLeft(e.source[start:at], " ")) > 0 {
		return span{}, errStyle
	}
	next := lineEnd(e.source, behind)
	if on, err := scalarSpan(e.source, behind, false); err != nil {
		return span{}, err
	} else if on.start < on.end {
		return span{start, lineEnd(e.source, on.end)}, nil
	}
	if pair.Value.Kind == List {
		return span{start, e.listEnd(next, indent)}, nil
	}
	return span{start, blockEnd(e.source, next, indent+1)}, nil
}

// listEnd returns the offset behind a block list. Its dashes can be below the key.
func (e editor) listEnd(offset, indent int) int {
	end := offset
	for {
		after := blockEnd(e.source, end, indent+1)
		first := skipSpaces(e.source, after)
		if first >= len(e.source) || first-after != indent || e.source[first] != '-' {
			return after
		}
		end = lineEnd(e.source, first)
	}
}

// splice returns the text with another text instead of a span.
func (e editor) splice(s span, text string) []byte {
	return slices.Concat(e.source[:s.start], []byte(text), e.source[s.end:])
}
