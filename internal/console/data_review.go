package console

import (
	"errors"
	"net/url"
	"slices"

	"github.com/tokengraft/tokengraft/internal/adminapi"
	h "github.com/tokengraft/tokengraft/internal/console/html"
)

func reviewPage(body ...h.Node) *page {
	return &page{name: "data", title: "Review the draft", lead: "Nothing has changed yet.", body: body}
}

// reviewDraft shows what a draft changes, in the file and in effect.
func (c *console) reviewDraft(q *request, e editing) *page {
	review, err := c.Configuration.ReviewDraft(q.Context(), draftIn(e.form, e.now))
	if err != nil {
		return reviewPage(failed(err), draftForms(q, e, false, ""))
	}
	return reviewPage(append([]h.Node{c.mayNot(q, "data")}, c.reviewed(q, e, review)...)...)
}

func (c *console) reviewed(q *request, e editing, r adminapi.Review) []h.Node {
	deployable := c.writes(q) && len(r.Faults) == 0 && r.Diff != "" && e.now.ReadOnly == ""
	return []h.Node{
		h.If(len(r.Faults) > 0, h.Div(h.Class("notice bad"), h.Role("alert"), h.P(h.Strong(h.Text("The draft has faults, so it cannot be deployed."))), findings(r.Faults))),
		h.If(len(r.Warnings) > 0, h.Div(h.Class("notice warn"), h.P(h.Strong(h.Text("New warnings"))), findings(r.Warnings))),
		h.If(len(r.NeedRestart) > 0, h.Div(h.Class("notice warn"), h.P(h.Text("These settings take effect only after a restart: "), codeList(r.NeedRestart), h.Text(".")))),
		section("diff", "The file", h.If(len(r.Changed) > 0, h.P(h.Class("quiet lead-in"), h.Text("Changes "), codeList(r.Changed), h.Text("."))), diff(r.Diff)),
		effect(r.Effect),
		h.If(e.now.ReadOnly != "", h.P(h.Class("notice info"), h.Text(e.now.ReadOnly+" Copy the diff and apply it where the file comes from."))),
		draftForms(q, e, deployable, e.form.Get("base")),
	}
}

// draftForms are the buttons below a review. Each carries the whole draft.
func draftForms(q *request, e editing, deployable bool, base string) h.Node {
	carried := carriedDraft(e.form, base)
	return h.Div(h.Class("actions section"),
		post("data", "deploy", carried, q.button("primary", "Deploy", deployable)),
		post("data", "edit", carried, h.Button(h.Text("Edit the draft"))),
		h.A(h.Class("button plain"), h.Href("data"), h.Text("Discard")),
	)
}

// carriedDraft has the form of a draft as hidden fields.
func carriedDraft(form url.Values, base string) h.Node {
	nodes := h.Group{hidden("base", base)}
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
func effect(e *adminapi.Effect) h.Node {
	switch {
	case e == nil:
		return nil
	case e.Failed != "":
		return section("effect", "The effect on the last logins", h.P(h.Class("notice warn"), h.Text(e.Failed)))
	case e.Logins == 0:
		return section("effect", "The effect on the last logins", empty("No one has logged in yet, so there is nothing to compare."))
	}
	return section("effect", "The effect on the last "+count(e.Logins, "login", "logins"),
		list(e.Notes),
		h.Div(h.Class("cols"), reasonEffects(e.Reasons), sizeEffects(e.Sizes)),
	)
}

func reasonEffects(all []adminapi.ReasonEffect) h.Node {
	rows := [][]h.Node{}
	for _, r := range all {
		rows = append(rows, []h.Node{h.Code(h.Text(r.Reason)), h.Text(grouped(int64(r.Now))), h.Text(grouped(int64(r.Then))), difference(r.Then - r.Now)})
	}
	return table("Tokens by reason, now and with the draft", []column{{"Reason", "code"}, {"Now", "num"}, {"Then", "num"}, {"Change", "num"}}, rows)
}

func sizeEffects(all []adminapi.SizeEffect) h.Node {
	rows := [][]h.Node{}
	for _, s := range all {
		limit := h.Text("–")
		if s.Limit > 0 {
			limit = h.Text(size(s.Limit))
		}
		if s.Limit > 0 && s.MaxThen > s.Limit {
			limit = pill("bad", "over "+size(s.Limit))
		}
		rows = append(rows, []h.Node{
			h.Text(s.What), h.Text(nowThen(s.MedianNow, s.MedianThen)), h.Text(nowThen(s.MaxNow, s.MaxThen)), limit,
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

func difference(n int) h.Node {
	switch {
	case n == 0:
		return h.Span(h.Class("quiet"), h.Text("same"))
	case n > 0:
		return h.Text("+" + grouped(int64(n)))
	default:
		return h.Text("−" + grouped(int64(-n)))
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
	p := reviewPage(failed(err), h.If(problem.Diff != "", section("diff", "What to change in the file", diff(problem.Diff))))
	if problem.Type == adminapi.ConflictType {
		p.body = append(p.body, post("data", "review", carriedDraft(e.form, e.now.Revision), h.Class("section"), h.P(h.Text("Your edits are kept. Review them against the file as it is now.")), h.Button(h.Class("primary"), h.Text("Review again"))))
		return p
	}
	p.body = append(p.body, draftForms(q, e, false, e.form.Get("base")))
	return p
}

func deployment(words string, d adminapi.Deployment) h.Node {
	return notice("good", h.P(h.Strong(h.Text(words)), h.Text(" "), h.If(len(d.Changed) > 0, h.Group{h.Text("It changed "), codeList(d.Changed), h.Text(".")})),
		h.If(len(d.NeedRestart) > 0, h.P(h.Text("A restart is needed for "), codeList(d.NeedRestart), h.Text("."))))
}
