package console

import (
	"fmt"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"
)

// pill is a word in a coloured frame. The word alone says the state. Tones are good, warn,
// bad, info and quiet.
func pill(tone, word string) g.Node {
	return h.Span(h.Class("pill "+tone), g.Text(word))
}

func modePill(mode string) g.Node {
	tone := map[string]string{"live": "good", "shadow": "warn", "off": "quiet"}[mode]
	return h.Span(h.Class("pill "+tone), h.Span(h.Class("hide"), g.Text("Mode: ")), g.Text(mode))
}

func statusPill(status string) g.Node {
	tone := map[string]string{"ready": "good", "degraded": "bad"}[status]
	if tone == "" {
		tone = "warn"
	}
	return h.Span(h.Class("pill dot "+tone), h.Span(h.Class("hide"), g.Text("Health: ")), g.Text(status))
}

// notice is a message in a box.
func notice(tone string, content ...g.Node) g.Node {
	role := "status"
	if tone == "bad" {
		role = "alert"
	}
	return h.Div(h.Class("notice "+tone), h.Role(role), g.Group(content))
}

// section is a part of a page with a heading. Its name is its id.
func section(name, title string, content ...g.Node) g.Node {
	return h.Section(h.Class("section"), h.Aria("labelledby", name+"-title"), h.H2(h.ID(name+"-title"), g.Text(title)), g.Group(content))
}

// liveSection is a section that the script replaces with the current one.
func liveSection(name, title string, content ...g.Node) g.Node {
	return h.Section(h.ID(name), h.Class("section"), h.Data("live", ""), h.Aria("labelledby", name+"-title"),
		h.H2(h.ID(name+"-title"), g.Text(title)), g.Group(content))
}

// empty says that there is nothing to show.
func empty(text string) g.Node { return h.P(h.Class("empty"), g.Text(text)) }

// A column is the heading of a column, and a class of its cells: num for numbers, grow for
// the text that takes the rest, code for names in code.
type column struct{ label, class string }

// table writes rows of cells. The caption is for screen readers.
func table(caption string, columns []column, rows [][]g.Node) g.Node {
	return h.Div(h.Class("scroll"), h.TabIndex("0"), h.Role("region"), h.Aria("label", caption),
		h.Table(
			h.Caption(h.Class("hide"), g.Text(caption)),
			h.THead(h.Tr(g.Map(columns, func(c column) g.Node {
				return h.Th(h.Scope("col"), classOf(c.class), g.Text(c.label))
			}))),
			h.TBody(g.Map(rows, func(cells []g.Node) g.Node { return row(columns, cells) })),
		))
}

func row(columns []column, cells []g.Node) g.Node {
	nodes := make(g.Group, len(cells))
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

func classOf(class string) g.Node { return g.If(class != "", h.Class(class)) }

// facts is a list of names and what they are.
func facts(pairs ...[2]g.Node) g.Node {
	return h.Dl(h.Class("facts"), g.Map(pairs, func(pair [2]g.Node) g.Node {
		return h.Div(h.Dt(pair[0]), h.Dd(pair[1]))
	}))
}

func fact(name string, value ...g.Node) [2]g.Node {
	return [2]g.Node{g.Text(name), g.Group(value)}
}

// meter shows a size against its bound, in words and as a bar.
func meter(id, label string, value, limit int64, attributes ...g.Node) g.Node {
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
	return h.Div(h.Class("meter "+tone), g.If(id != "", h.ID(id)), g.Group(attributes),
		h.Div(h.Class("legend"), h.Span(g.Text(label)), h.Span(h.Class("of"), g.Text(fmt.Sprintf("%s of %s · %d %%", size(value), size(limit), percent)))),
		bar(percent, tone),
	)
}

func bar(percent int64, tone string) g.Node {
	width := fmt.Sprint(min(percent, 100))
	return g.El("svg", h.Class("bar"), g.Attr("viewBox", "0 0 100 4"), g.Attr("preserveAspectRatio", "none"), h.Aria("hidden", "true"),
		g.El("rect", h.Class("track"), g.Attr("width", "100"), g.Attr("height", "4")),
		g.El("rect", h.Class("fill "+tone), g.Attr("width", width), g.Attr("height", "4")),
	)
}

// codeList writes names in code, with commas.
func codeList(names []string) g.Node {
	nodes := make(g.Group, 0, 2*len(names))
	for i, name := range names {
		if i > 0 {
			nodes = append(nodes, g.Text(", "))
		}
		nodes = append(nodes, h.Code(g.Text(name)))
	}
	return nodes
}

// more is content that a click shows. Its id keeps it open while the page refreshes.
func more(id, summary string, content ...g.Node) g.Node {
	return h.Details(h.ID(id), h.Summary(g.Text(summary)), g.Group(content))
}
