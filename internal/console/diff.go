package console

import (
	"strings"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"
)

// diff shows a unified diff. Colours and elements say what the signs say too.
func diff(text string) g.Node {
	if text == "" {
		return empty("The file does not change.")
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	return g.Group{
		h.Div(h.Class("diff"), h.ID("diff-text"), h.TabIndex("0"), h.Role("region"), h.Aria("label", "Diff of the file"), g.Map(lines, diffLine)),
		h.Button(h.Type("button"), h.Class("small copy"), g.Attr("hidden"), h.Data("copy", "diff-text"), g.Text("Copy the diff")),
	}
}

func diffLine(line string) g.Node {
	switch {
	case strings.HasPrefix(line, "+++"), strings.HasPrefix(line, "---"), strings.HasPrefix(line, "@@"):
		return h.Code(h.Class("hunk"), g.Text(line+"\n"))
	case strings.HasPrefix(line, "+"):
		return h.Ins(g.Text(line + "\n"))
	case strings.HasPrefix(line, "-"):
		return h.Del(g.Text(line + "\n"))
	default:
		return h.Code(g.Text(line + "\n"))
	}
}
