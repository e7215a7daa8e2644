package console

import (
	"strings"
	"time"

	"github.com/tokengraft/tokengraft/internal/adminapi"
	h "github.com/tokengraft/tokengraft/internal/console/html"
)

func (c *console) overview(q *request) *page {
	o := c.Monitor.Overview(q.Context())
	return &page{title: "Overview", lead: modeInWords(o.Mode), live: true, overview: &o, body: []h.Node{
		health(o.Health, q.now),
		h.Section(h.Class("section"), h.Aria("labelledby", "plots-title"), h.H2(h.ID("plots-title"), h.Text("The last hour")), plots(o.Series)),
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

func health(status adminapi.Health, now time.Time) h.Node {
	return liveSection("health", "Health",
		h.Ul(h.Class("parts"), h.Map(status.Parts, func(p adminapi.Part) h.Node { return part(p, now) })),
	)
}

func part(p adminapi.Part, now time.Time) h.Node {
	tone := "warn"
	switch p.State {
	case "ok":
		tone = "good"
	case "failing":
		tone = "bad"
	}
	return h.Li(h.Class("part "+tone),
		h.Div(h.Class("name"), h.Span(h.Class("light"), h.Aria("hidden", "true")), h.Strong(h.Text(p.Name))),
		h.Div(h.Class("state"), h.Text(p.State+" for "), since(p.Since, now)),
		h.If(p.Fault != "", h.P(h.Class("cause"), prose(p.Fault))),
		h.If(p.Help != "", h.P(h.Class("help"), prose(p.Help))),
	)
}

func failures(groups []adminapi.Failure, now time.Time) h.Node {
	if len(groups) == 0 {
		return liveSection("failures", "Last failures", empty("None."))
	}
	rows := [][]h.Node{}
	for _, f := range groups {
		rows = append(rows, []h.Node{
			codeOrNone("", f.Rule),
			codeOrNone("reason", f.Reason),
			h.Group{h.Div(prose(f.Cause)), h.If(f.NextStep != "", h.Div(h.Class("next"), prose(f.NextStep)))},
			h.Text(grouped(int64(f.Count))),
			ago(f.Last, now),
		})
	}
	columns := []column{{"Rule", "code"}, {"Reason", "code"}, {"Cause and next step", "grow"}, {"Count", "num"}, {"Last", "num"}}
	return liveSection("failures", "Last failures", table("The last failures, grouped by rule and reason", columns, rows))
}

func codeOrNone(class, text string) h.Node {
	if text == "" {
		return h.Span(h.Class("quiet"), h.Text("–"))
	}
	return h.Code(classOf(class), h.Text(text))
}

// sentence begins a text with a capital and ends it with a full stop.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + strings.TrimSuffix(text[1:], ".") + "."
}
