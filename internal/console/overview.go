package console

import (
	"strings"
	"time"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"github.com/tokengraft/tokengraft/internal/adminapi"
)

func (c *console) overview(q *request) *page {
	o := c.Monitor.Overview(q.Context())
	return &page{title: "Overview", lead: modeInWords(o.Mode), live: true, overview: &o, body: []g.Node{
		health(o.Health, q.now),
		h.Section(h.Class("section"), h.Aria("labelledby", "plots-title"), h.H2(h.ID("plots-title"), g.Text("The last hour")), plots(o.Series)),
		failures(o.Failures, q.now),
	}}
}

func modeInWords(mode string) string {
	switch mode {
	case "live":
		return "Tokens get the user's document."
	case "shadow":
		return "Shadow: everything is tried, and no response changes."
	case "off":
		return "Off: tokens pass as the backend issued them."
	default:
		return ""
	}
}

func health(status adminapi.Health, now time.Time) g.Node {
	return liveSection("health", "Health",
		h.Ul(h.Class("parts"), g.Map(status.Parts, func(p adminapi.Part) g.Node { return part(p, now) })),
	)
}

func part(p adminapi.Part, now time.Time) g.Node {
	tone := "warn"
	switch p.State {
	case "ok":
		tone = "good"
	case "failing":
		tone = "bad"
	}
	return h.Li(h.Class("part "+tone),
		h.Div(h.Class("name"), h.Span(h.Class("light"), h.Aria("hidden", "true")), h.Strong(g.Text(p.Name))),
		h.Div(h.Class("state"), g.Text(p.State+" for "), since(p.Since, now)),
		g.If(p.Fault != "", h.P(h.Class("cause"), prose(p.Fault))),
		g.If(p.Help != "", h.P(h.Class("help"), prose(p.Help))),
	)
}

func failures(groups []adminapi.Failure, now time.Time) g.Node {
	if len(groups) == 0 {
		return liveSection("failures", "Last failures", empty("None."))
	}
	rows := [][]g.Node{}
	for _, f := range groups {
		rows = append(rows, []g.Node{
			codeOrNone("", f.Rule),
			codeOrNone("reason", f.Reason),
			g.Group{h.Div(prose(f.Cause)), g.If(f.NextStep != "", h.Div(h.Class("next"), prose(f.NextStep)))},
			g.Text(grouped(int64(f.Count))),
			ago(f.Last, now),
		})
	}
	columns := []column{{"Rule", "code"}, {"Reason", "code"}, {"Cause and next step", "grow"}, {"Count", "num"}, {"Last", "num"}}
	return liveSection("failures", "Last failures", table("The last failures, grouped by rule and reason", columns, rows))
}

func codeOrNone(class, text string) g.Node {
	if text == "" {
		return h.Span(h.Class("quiet"), g.Text("–"))
	}
	return h.Code(classOf(class), g.Text(text))
}

// sentence begins a text with a capital and ends it with a full stop.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + strings.TrimSuffix(text[1:], ".") + "."
}
