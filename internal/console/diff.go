package console

import (
	"strings"

	h "github.com/tokengraft/tokengraft/internal/console/html"
)

// diff shows a unified diff. Colours and elements say what the signs say too.
func diff(text string) h.Node {
	if text == "" {
		return empty("The file does not change.")
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	return h.Group{
		h.Div(h.Class("diff"), h.ID("diff-text"), h.TabIndex("0"), h.Role("region"), h.Aria("label", "Diff of the file"), h.Map(lines, diffLine)),
		h.Button(h.Type("button"), h.Class("small copy"), h.Attr("hidden"), h.Data("copy", "diff-text"), h.Text("Copy the diff")),
	}
}

func diffLine(line string) h.Node {
	switch {
	case strings.HasPrefix(line, "+++"), strings.HasPrefix(line, "---"), strings.HasPrefix(line, "@@"):
		return h.Code(h.Class("hunk"), h.Text(line+"\n"))
	case strings.HasPrefix(line, "+"):
		return h.Ins(h.Text(line + "\n"))
	case strings.HasPrefix(line, "-"):
		return h.Del(h.Text(line + "\n"))
	default:
		return h.Code(h.Text(line + "\n"))
	}
}
