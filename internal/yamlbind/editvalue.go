package yamlbind

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// valueOf returns the node of a changed value, with its text as a file would have it; nil
// if the value should be removed.
func valueOf(value any) (*Node, error) {
	switch v := value.(type) {
	case nil:
		return nil, nil
	case string:
		return textOfEdit(v)
	case bool:
		return &Node{Kind: Bare, Text: strconv.FormatBool(v)}, nil
	case int:
		return &Node{Kind: Bare, Text: strconv.Itoa(v)}, nil
	case int64:
		return &Node{Kind: Bare, Text: strconv.FormatInt(v, 10)}, nil
	case float64:
		return &Node{Kind: Bare, Text: strconv.FormatFloat(v, 'f', -1, 64)}, nil
	case json.Number:
		return &Node{Kind: Bare, Text: v.String()}, nil
	case []string:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = item
		}
		return listOfEdit(list)
	case []any:
		return listOfEdit(v)
	}
	return nil, fmt.Errorf("a value cannot be %T", value)
}

func textOfEdit(text string) (*Node, error) {
	if !utf8.ValidString(text) {
		return nil, errors.New("the text is not UTF-8")
	}
	return &Node{Kind: Text, Text: strings.ReplaceAll(text, "${", "$${")}, nil
}

func listOfEdit(list []any) (*Node, error) {
	n := &Node{Kind: List}
	for _, item := range list {
		text, ok := item.(string)
		if !ok {
			return nil, errors.New("a list can have only text")
		}
		node, err := textOfEdit(text)
		if err != nil {
			return nil, err
		}
		n.Items = append(n.Items, node)
	}
	return n, nil
}

// written returns a value as it is written in a file on one line.
func written(n *Node) string {
	switch n.Kind {
	case Bare:
		return n.Text
	case List:
		items := make([]string, len(n.Items))
		for i, item := range n.Items {
			items[i] = written(item)
		}
		return "[" + strings.Join(items, ", ") + "]"
	}
	if plainText.MatchString(n.Text) && !slices.Contains(otherWords, strings.ToLower(n.Text)) {
		return n.Text
	}
	return quoted(n.Text)
}

// plainText matches text that does not need quotes in YAML, if it is not one of otherWords. The
// alternative is a duration.
var plainText = regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_./-]*|[0-9]+(ms|s|m|h))$`)

// otherWords are words that are not text, or not for every YAML parser.
var otherWords = []string{"true", "false", "null", "yes", "no", "y", "n"}

// quoted returns text in double quotes, on one line.
func quoted(text string) string {
	var out strings.Builder
	out.WriteByte('"')
	for _, char := range text {
		switch {
		case char == '"' || char == '\\':
			out.WriteByte('\\')
			out.WriteRune(char)
		case char == '\n':
			out.WriteString(`\n`)
		case char == '\t':
			out.WriteString(`\t`)
		case char == '\r':
			out.WriteString(`\r`)
		case char > 0xffff && !unicode.IsPrint(char):
			fmt.Fprintf(&out, `\U%08x`, char)
		case !unicode.IsPrint(char) || char == '\ufeff':
			fmt.Fprintf(&out, `\u%04x`, char)
		default:
			out.WriteRune(char)
		}
	}
	out.WriteByte('"')
	return out.String()
}
