package console

import (
	"errors"
	"net/url"
	"slices"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"github.com/tokengraft/tokengraft/internal/adminapi"
)

func reviewPage(body ...g.Node) *page {
	return &page{name: "data", title: "Review the draft", lead: "Nothing has changed yet.", body: body}
}

// reviewDraft shows what a draft changes, in the file and in effect.
func (c *console) reviewDraft(q *request, e editing) *page {
	review, err := c.Configuration.ReviewDraft(q.Context(), draftIn(e.form, e.now))
	if err != nil {
		return reviewPage(failed(err), draftForms(q, e, false, ""))
	}
	return reviewPage(append([]g.Node{c.mayNot(q, "data")}, c.reviewed(q, e, review)...)...)
}

func (c *console) reviewed(q *request, e editing, r adminapi.Review) []g.Node {
	deployable := c.writes(q) && len(r.Faults) == 0 && r.Diff != "" && e.now.ReadOnly == ""
	return []g.Node{
		g.If(len(r.Faults) > 0, h.Div(h.Class("notice bad"), h.Role("alert"), h.P(h.Strong(g.Text("The draft has faults, so it cannot be deployed."))), findings(r.Faults))),
		g.If(len(r.Warnings) > 0, h.Div(h.Class("notice warn"), h.P(h.Strong(g.Text("New warnings"))), findings(r.Warnings))),
		g.If(len(r.NeedRestart) > 0, h.Div(h.Class("notice warn"), h.P(g.Text("These settings take effect only after a restart: "), codeList(r.NeedRestart), g.Text(".")))),
		section("diff", "The file", g.If(len(r.Changed) > 0, h.P(h.Class("quiet lead-in"), g.Text("Changes "), codeList(r.Changed), g.Text("."))), diff(r.Diff)),
		effect(r.Effect),
		g.If(e.now.ReadOnly != "", h.P(h.Class("notice info"), g.Text(e.now.ReadOnly+" Copy the diff and apply it where the file comes from."))),
		draftForms(q, e, deployable, e.form.Get("base")),
	}
}

// draftForms are the buttons below a review. Each carries the whole draft.
func draftForms(q *request, e editing, deployable bool, base string) g.Node {
	carried := carriedDraft(e.form, base)
	return h.Div(h.Class("actions section"),
		post("data", "deploy", carried, q.button("primary", "Deploy", deployable)),
		post("data", "edit", carried, h.Button(g.Text("Edit the draft"))),
		h.A(h.Class("button plain"), h.Href("data"), g.Text("Discard")),
	)
}

// carriedDraft has the form of a draft as hidden fields.
func carriedDraft(form url.Values, base string) g.Node {
	nodes := g.Group{hidden("base", base)}
	names := make([]string, 0, len(form))
	for name := range form {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if name == "do" || name == "base" {
			continue
		}
		for _, value := range form[name] {
			nodes = append(nodes, hidden(name, value))
		}
	}
	return nodes
}

// effect compares the last logins as they were with what the draft makes of them.
func effect(e *adminapi.Effect) g.Node {
	switch {
	case e == nil:
		return nil
	case e.Failed != "":
		return section("effect", "The effect on the last logins", h.P(h.Class("notice warn"), g.Text(e.Failed)))
	case e.Logins == 0:
		return section("effect", "The effect on the last logins", empty("No one has logged in yet, so there is nothing to compare."))
	}
	return section("effect", "The effect on the last "+count(e.Logins, "login", "logins"),
		list(e.Notes),
		h.Div(h.Class("cols"), reasonEffects(e.Reasons), sizeEffects(e.Sizes)),
	)
}

func reasonEffects(all []adminapi.ReasonEffect) g.Node {
	rows := [][]g.Node{}
	for _, r := range all {
		rows = append(rows, []g.Node{h.Code(g.Text(r.Reason)), g.Text(grouped(int64(r.Now))), g.Text(grouped(int64(r.Then))), difference(r.Then - r.Now)})
	}
	return table("Tokens by reason, now and with the draft", []column{{"Reason", "code"}, {"Now", "num"}, {"Then", "num"}, {"Change", "num"}}, rows)
}

func sizeEffects(all []adminapi.SizeEffect) g.Node {
	rows := [][]g.Node{}
	for _, s := range all {
		limit := g.Text("–")
		if s.Limit > 0 {
			limit = g.Text(size(s.Limit))
		}
		if s.Limit > 0 && s.MaxThen > s.Limit {
			limit = pill("bad", "over "+size(s.Limit))
		}
		rows = append(rows, []g.Node{
			g.Text(s.What), g.Text(nowThen(s.MedianNow, s.MedianThen)), g.Text(nowThen(s.MaxNow, s.MaxThen)), limit,
		})
	}
	return table("Sizes now and with the draft", []column{{"Size of", ""}, {"Median", "num"}, {"Largest", "num"}, {"Limit", "num"}}, rows)
}

func nowThen(now, then int) string {
	if now == then {
		return size(now)
	}
	return size(now) + " → " + size(then)
}

func difference(n int) g.Node {
	switch {
	case n == 0:
		return h.Span(h.Class("quiet"), g.Text("same"))
	case n > 0:
		return g.Text("+" + grouped(int64(n)))
	default:
		return g.Text("−" + grouped(int64(-n)))
	}
}

// deploy makes the draft the configuration.
func (c *console) deploy(q *request, e editing) *page {
	if !c.writes(q) {
		return c.forbidden(q, reviewPage())
	}
	deployed, err := c.Configuration.Deploy(q.Context(), q.peer, draftIn(e.form, e.now))
	if err == nil {
		return c.done("data", deployment("Deployed.", deployed))
	}
	var problem *adminapi.Problem
	if !errors.As(err, &problem) {
		return reviewPage(failed(err), draftForms(q, e, true, e.form.Get("base")))
	}
	p := reviewPage(failed(err), g.If(problem.Diff != "", section("diff", "What to change in the file", diff(problem.Diff))))
	if problem.Type == adminapi.ConflictType {
		p.body = append(p.body, post("data", "review", carriedDraft(e.form, e.now.Revision), h.Class("section"), h.P(g.Text("Your edits are kept. Review them against the file as it is now.")), h.Button(h.Class("primary"), g.Text("Review again"))))
		return p
	}
	p.body = append(p.body, draftForms(q, e, false, e.form.Get("base")))
	return p
}

func deployment(words string, d adminapi.Deployment) g.Node {
	return notice("good", h.P(h.Strong(g.Text(words)), g.Text(" "), g.If(len(d.Changed) > 0, g.Group{g.Text("It changed "), codeList(d.Changed), g.Text(".")})),
		g.If(len(d.NeedRestart) > 0, h.P(g.Text("A restart is needed for "), codeList(d.NeedRestart), g.Text("."))))
}
