package prose

import (
	"sort"
	"strings"
)

// A Text is a paragraph, a comment or a string of a file, on one line.
type Text struct {
	File string
	// Literal says that it is a string in Go.
	Literal bool

	text   strings.Builder
	starts []lineStart
}

// A lineStart says which line of the file a text continues with from an offset.
type lineStart struct{ offset, line int }

// String returns the text on one line.
func (t *Text) String() string { return t.text.String() }

// Line returns the first line of the text in its file.
func (t *Text) Line() int { return t.lineAt(0) }

// add appends a line of the file. White space at both ends is left out.
func (t *Text) add(line int, s string) {
	if s = strings.TrimSpace(s); s == "" {
		return
	}
	if t.text.Len() > 0 {
		t.text.WriteByte(' ')
	}
	t.starts = append(t.starts, lineStart{t.text.Len(), line})
	t.text.WriteString(s)
}

// lineAt returns the line of the file that has the offset of the text.
func (t *Text) lineAt(offset int) int {
	after := sort.Search(len(t.starts), func(i int) bool { return t.starts[i].offset > offset })
	if after == 0 {
		return 0
	}
	return t.starts[after-1].line
}

func (t *Text) check(rules []Rule) (faults []Fault) {
	text := t.String()
	for _, rule := range rules {
		for _, at := range rule.find(text) {
			found := strings.TrimLeft(text[at[0]:at[1]], ".;:!? ")
			line := t.lineAt(at[1] - len(found))
			faults = append(faults, Fault{t.File, line, shorten(found), rule.Instead})
		}
	}
	return faults
}

// shorten cuts a long finding, such as a whole sentence.
func shorten(s string) string {
	const most = 60
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}
