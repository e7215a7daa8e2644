package console

import (
	"errors"
	"net/http"

	"github.com/tokengraft/tokengraft/internal/adminapi"
	h "github.com/tokengraft/tokengraft/internal/console/html"
)

// post is a form that is sent to its own page. The field do says what to do.
func post(name, do string, content ...h.Node) h.Node {
	return h.Form(h.Method("post"), h.Action(name), hidden("do", do), h.Group(content))
}

func hidden(name, value string) h.Node {
	return h.Input(h.Type("hidden"), h.Name(name), h.Value(value))
}

// button sends its form. It is disabled for peers who may not do what it does.
func (q *request) button(class, label string, allowed bool) h.Node {
	return h.Button(classOf(class), h.If(!allowed, h.Disabled()), h.Text(label))
}

// checkbox is a box with its text.
func checkbox(id, name, value, label string, more ...h.Node) h.Node {
	return h.Label(h.Class("check"), h.For(id),
		h.Input(h.Type("checkbox"), h.ID(id), h.Name(name), h.Value(value), h.Group(more)), h.Span(h.Text(label)))
}

// confirmed reports whether a person has seen what a form does and wants it.
func (q *request) confirmed() bool { return q.PostForm.Get("confirm") == "yes" }

// confirmation asks whether to do what the page shows.
func confirmation(name, do, class, label string, content ...h.Node) h.Node {
	return post(name, do, hidden("confirm", "yes"), h.Group(content),
		h.Div(h.Class("actions"), h.Button(h.Class(class), h.Text(label)), h.A(h.Class("button"), h.Href(name), h.Text("Cancel"))))
}

// writes reports whether the peer may change something here.
func (c *console) writes(q *request) bool {
	return q.peer.Writes && (c.ReadOnly == nil || c.ReadOnly() == "")
}

// forbidden is the page for a change by a peer who may not make it. The buttons are
// disabled for them, so they get it when their session has ended.
func (c *console) forbidden(q *request, p *page) *page {
	p.status = http.StatusForbidden
	p.body = []h.Node{notice("bad", h.P(h.Text("Nothing was changed."))), c.mayNot(q, p.name)}
	return p
}

// failed says why something did not work.
func failed(err error) h.Node {
	var problem *adminapi.Problem
	if !errors.As(err, &problem) {
		return notice("bad", h.P(h.Text(err.Error())))
	}
	return notice("bad", h.P(h.Strong(h.Text(problem.Title))), h.If(problem.Detail != "", h.P(prose(problem.Detail))), findings(problem.Faults))
}

// findings lists what is wrong with a configuration, with its place.
func findings(all []adminapi.Finding) h.Node { return findingsAt(all, place) }

func findingsAt(all []adminapi.Finding, place func(adminapi.Finding) h.Node) h.Node {
	if len(all) == 0 {
		return nil
	}
	return h.Ul(h.Class("findings"), h.Map(all, func(f adminapi.Finding) h.Node {
		return h.Li(place(f), prose(f.Message), h.If(f.Hint != "", h.Span(h.Class("quiet"), h.Text(" "), prose(f.Hint))))
	}))
}
