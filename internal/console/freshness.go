package console

import (
	"fmt"
	"time"

	"github.com/tokengraft/tokengraft/internal/adminapi"
	h "github.com/tokengraft/tokengraft/internal/console/html"
)

func (c *console) freshness(q *request) *page {
	f := c.Monitor.Freshness(q.Context())
	return &page{name: "freshness", title: "Freshness", lead: "How soon a change of a document is in tokens.", live: true, body: []h.Node{
		promise(f, q.now),
		stream(f, q.now),
		section("plots", "The last hour", plots(f.Series)),
	}}
}

func promise(f adminapi.Freshness, now time.Time) h.Node {
	text := f.Promise
	if text == "" && f.PromiseSeconds > 0 {
		text = fmt.Sprintf("The data in a token is at most %s old when the token is issued.", spanOf(f.PromiseSeconds))
	}
	if text == "" {
		text = "No token was seen yet, so it is not known how long tokens live. That is how old the data in them can be."
	}
	return h.Section(h.ID("promise"), h.Class("card promise"), h.Data("live", ""), h.Aria("labelledby", "promise-title"),
		h.H2(h.ID("promise-title"), h.Text("The promise")),
		h.P(h.Class("large"), h.Text(text)),
	)
}

func stream(f adminapi.Freshness, now time.Time) h.Node {
	return h.Section(h.ID("stream"), h.Class("card"), h.Data("live", ""), h.Aria("labelledby", "stream-title"),
		h.Div(h.Class("row"), h.H2(h.ID("stream-title"), h.Text("Change stream")), streamPill(f.Stream)),
		h.P(h.Text(streamInWords(f.Stream)), h.If(!f.Since.IsZero(), h.Span(h.Class("quiet"), h.Text(" Since "), since(f.Since, now), h.Text(".")))),
		h.If(f.Fault != "", h.P(h.Class("cause"), prose(f.Fault))),
		h.Div(h.Class("figures"),
			figure("Changes", grouped(f.Changes)), figure("Entries evicted", grouped(f.Evicted)),
			h.Div(h.Class("figure"), h.Span(h.Text("Last change")), h.Strong(agoOf(f.LastEvent, now))),
		),
	)
}

func streamPill(state string) h.Node {
	tone := map[string]string{"followed": "good", "broken": "bad", "not followed": "warn"}[state]
	if tone == "" {
		tone = "quiet"
	}
	return pill(tone, state)
}

func streamInWords(state string) string {
	switch state {
	case "followed":
		return "A change removes the document from the cache at once. The next token has the new data."
	case "broken":
		return "Changes do not arrive. Documents are read again when they expire in the cache."
	case "not followed":
		return "This database has no change stream, or it is not followed. Documents are read again when they expire in the cache."
	default:
		return "The source has no change stream. Documents are read again when they expire in the cache."
	}
}
