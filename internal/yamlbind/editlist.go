package yamlbind

import (
	"bytes"
	"strings"
)

// replace replaces the value of a setting.
func (e editor) replace(s section, pair Pair, at, behind int, value *Node) ([]byte, error) {
	on, err := scalarSpan(e.source, behind, s.inBrackets())
	switch {
	case err != nil:
		return nil, err
	case on.start < on.end && bytes.Contains(e.source[on.start:on.end], []byte("\n")) && bytes.Contains(e.source[on.start:on.end], []byte("#")):
		return nil, errStyle // there may be comments in it
	case on.start < on.end:
		return e.splice(on, written(value)), nil
	case pair.Value.Kind == Nothing:
		return e.splice(on, " "+written(value)), nil
	case pair.Value.Kind != List || s.inBrackets():
		return nil, errStyle
	case value.Kind != List || len(value.Items) == 0:
		all, err := e.linesOf(pair, at, behind)
		if err != nil {
			return nil, err
		}
		head := span{behind, all.end}
		return e.splice(head, " "+written(value)+e.newline), nil
	}
	return e.replaceItems(pair, at, behind, value)
}

// replaceItems replaces the items of a block list. An item that stays keeps its line, and
// the comments above it.
func (e editor) replaceItems(pair Pair, at, behind int, value *Node) ([]byte, error) {
	all, err := e.linesOf(pair, at, behind)
	if err != nil {
		return nil, err
	}
	all.start = lineEnd(e.source, behind)
	old, indent, rest, err := e.items(pair, all)
	if err != nil {
		return nil, err
	}
	var lines strings.Builder
	for _, item := range value.Items {
		if line, ok := old[item.Text]; ok {
			delete(old, item.Text)
			lines.WriteString(line)
		} else {
			lines.WriteString(indent + "- " + written(item) + e.newline)
		}
	}
	lines.WriteString(rest)
	return e.splice(all, lines.String()), nil
}

// items returns the lines of each item of a block list by its text, the indentation of
// the dashes, and what is behind the last item.
func (e editor) items(pair Pair, all span) (lines map[string]string, indent, rest string, err error) {
	lines = map[string]string{}
	from, i := all.start, 0
	for at := all.start; at < all.end; at = lineEnd(e.source, at) {
		first := skipSpaces(e.source, at)
		switch char := e.source[first]; {
		case char == '#' || char == '\n' || char == '\r':
			continue
		case char != '-' || i >= len(pair.Value.Items) || pair.Value.Items[i].Kind != Text:
			return nil, "", "", errStyle
		}
		end := lineEnd(e.source, at)
		line := string(e.source[from:end])
		if !strings.HasSuffix(line, "\n") {
			line += e.newline
		}
		lines[pair.Value.Items[i].Text] = line
		indent, from, i = string(e.source[at:first]), end, i+1
	}
	if i != len(pair.Value.Items) {
		return nil, "", "", errStyle
	}
	return lines, indent, string(e.source[from:all.end]), nil
}
