package console

import (
	"fmt"

	h "github.com/tokengraft/tokengraft/internal/console/html"
)

// pill is a word in a coloured frame. The word alone says the state. Tones are good, warn,
// bad, info and quiet.
func pill(tone, word string) h.Node {
	return h.Span(h.Class("pill "+tone), h.Text(word))
}

func modePill(mode string) h.Node {
	tone := map[string]string{"live": "good", "shadow": "warn", "off": "quiet"}[mode]
	return h.Span(h.Class("pill "+tone), h.Span(h.Class("hide"), h.Text("Mode: ")), h.Text(mode))
}

func statusPill(status string) h.Node {
	tone := map[string]string{"ready": "good", "degraded": "bad"}[status]
	if tone == "" {
		tone = "warn"
	}
	return h.Span(h.Class("pill dot "+tone), h.Span(h.Class("hide"), h.Text("Health: ")), h.Text(status))
}

// notice is a message in a box.
func notice(tone string, content ...h.Node) h.Node {
	role := "status"
	if tone == "bad" {
		role = "alert"
	}
	return h.Div(h.Class("notice "+tone), h.Role(role), h.Group(content))
}

// section is a part of a page with a heading. Its name is its id.
func section(name, title string, content ...h.Node) h.Node {
	return h.Section(h.Class("section"), h.Aria("labelledby", name+"-title"), h.H2(h.ID(name+"-title"), h.Text(title)), h.Group(content))
}

// liveSection is a section that the script replaces with the current one.
func liveSection(name, title string, content ...h.Node) h.Node {
	return h.Section(h.ID(name), h.Class("section"), h.Data("live", ""), h.Aria("labelledby", name+"-title"),
		h.H2(h.ID(name+"-title"), h.Text(title)), h.Group(content))
}

// empty says that there is nothing to show.
func empty(text string) h.Node { return h.P(h.Class("empty"), h.Text(text)) }

// A column is the heading of a column, and a class of its cells: num for numbers, grow for
// the text that takes the rest, code for names in code.
type column struct{ label, class string }

// table writes rows of cells. The caption is for screen readers.
func table(caption string, columns []column, rows [][]h.Node) h.Node {
	return h.Div(h.Class("scroll"), h.TabIndex("0"), h.Role("region"), h.Aria("label", caption),
		h.Table(
			h.Caption(h.Class("hide"), h.Text(caption)),
			h.THead(h.Tr(h.Map(columns, func(c column) h.Node {
				return h.Th(h.Scope("col"), classOf(c.class), h.Text(c.label))
			}))),
			h.TBody(h.Map(rows, func(cells []h.Node) h.Node { return row(columns, cells) })),
		))
}

func row(columns []column, cells []h.Node) h.Node {
	nodes := make(h.Group, len(cells))
	for i, cell := range cells {
		// The label is shown in narrow windows, where a row is a list.
		if i == 0 {
			nodes[i] = h.Th(h.Scope("row"), classOf(columns[i].class), cell)
			continue
		}
		nodes[i] = h.Td(classOf(columns[i].class), h.Data("label", columns[i].label), cell)
	}
	return h.Tr(nodes)
}

func classOf(class string) h.Node { return h.If(class != "", h.Class(class)) }

// facts is a list of names and what they are.
func facts(pairs ...[2]h.Node) h.Node {
	return h.Dl(h.Class("facts"), h.Map(pairs, func(pair [2]h.Node) h.Node {
		return h.Div(h.Dt(pair[0]), h.Dd(pair[1]))
	}))
}

func fact(name string, value ...h.Node) [2]h.Node {
	return [2]h.Node{h.Text(name), h.Group(value)}
}

// meter shows a size against its bound, in words and as a bar.
func meter(id, label string, value, limit int64, attributes ...h.Node) h.Node {
	tone, percent := "good", int64(0)
	if limit > 0 {
		percent = value * 100 / limit
	}
	switch {
	case percent > 100:
		tone = "bad"
	case percent >= 80:
		tone = "warn"
	}
	return h.Div(h.Class("meter "+tone), h.If(id != "", h.ID(id)), h.Group(attributes),
		h.Div(h.Class("legend"), h.Span(h.Text(label)), h.Span(h.Class("of"), h.Text(fmt.Sprintf("%s of %s · %d %%", size(value), size(limit), percent)))),
		bar(percent, tone),
	)
}

func bar(percent int64, tone string) h.Node {
	width := fmt.Sprint(min(percent, 100))
	return h.El("svg", h.Class("bar"), h.Attr("viewBox", "0 0 100 4"), h.Attr("preserveAspectRatio", "none"), h.Aria("hidden", "true"),
		h.El("rect", h.Class("track"), h.Attr("width", "100"), h.Attr("height", "4")),
		h.El("rect", h.Class("fill "+tone), h.Attr("width", width), h.Attr("height", "4")),
	)
}

// codeList writes names in code, with commas.
func codeList(names []string) h.Node {
	nodes := make(h.Group, 0, 2*len(names))
	for i, name := range names {
		if i > 0 {
			nodes = append(nodes, h.Text(", "))
		}
		nodes = append(nodes, h.Code(h.Text(name)))
	}
	return nodes
}

// more is content that a click shows. Its id keeps it open while the page refreshes.
func more(id, summary string, content ...h.Node) h.Node {
	return h.Details(h.ID(id), h.Summary(h.Text(summary)), h.Group(content))
}
