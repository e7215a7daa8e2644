package yamlbind

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// errValue says what a value can be.
var errValue = errors.New(`write a number, true, false, text, or a list such as [a, b]; put other text in double quotes`)

// ParseValue returns the value that a person has written on one line as in a file, for a
// [Change]: text, a bool, a [json.Number], or a list of text. No value is nil. It refuses
// what YAML would read as something else than it looks like, such as a comment.
func ParseValue(text string) (any, error) {
	text = strings.TrimSpace(text)
	if strings.ContainsAny(text, "\r\n") {
		return nil, errValue
	}
	r := NewReport()
	root := r.Parse([]byte("v: " + text + "\n"))
	if len(r.Faults()) > 0 || len(root.Pairs) != 1 || root.Pairs[0].Key != "v" {
		return nil, errValue
	}
	switch n := root.Pairs[0].Value; {
	case n.Kind == Nothing && slices.Contains([]string{"", "~", "null"}, text):
		return nil, nil
	case n.Kind == Bare && n.Text == text:
		return bareValue(text)
	case n.Kind == Text && text != "" && (n.Text == text || isQuoted(text)):
		return n.Text, nil
	case n.Kind == List && strings.HasSuffix(text, "]") && !strings.Contains(text, " #"):
		return listValue(n)
	}
	return nil, errValue
}

// isQuoted reports whether a text that is valid YAML is in quotes. A comment behind them
// would hide the bracket.
func isQuoted(text string) bool {
	r := NewReport()
	r.Parse([]byte("v: [" + text + "]\n"))
	return (text[0] == '"' || text[0] == '\'') && len(r.Faults()) == 0
}

func bareValue(text string) (any, error) {
	if text == "true" || text == "false" {
		return text == "true", nil
	}
	if !json.Valid([]byte(text)) {
		return nil, errors.New("write the number with decimal digits, or put the text in double quotes")
	}
	return json.Number(text), nil
}

func listValue(n *Node) (any, error) {
	list := make([]string, len(n.Items))
	for i, item := range n.Items {
		if item.Kind != Text {
			return nil, fmt.Errorf("item %d of the list is not text; put it in double quotes", i+1)
		}
		list[i] = item.Text
	}
	return list, nil
}
