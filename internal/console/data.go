package console

import (
	"net/http"
	"net/url"

	"github.com/tokengraft/tokengraft/internal/adminapi"
	h "github.com/tokengraft/tokengraft/internal/console/html"
)

func dataPage(body ...h.Node) *page {
	return &page{name: "data", title: "Custom user data", lead: "Which document is in the tokens, and how much of it. Edits make a draft; nothing changes before you deploy it.", body: body}
}

// data shows the settings as a form.
func (c *console) data(q *request) *page {
	now, err := c.Configuration.Config(q.Context())
	if err != nil {
		return dataPage(failed(err))
	}
	form := valuesOfSettings(now.Settings)
	form.Set("base", now.Revision)
	form.Set("text", now.Text)
	form.Set("tab", q.URL.Query().Get("tab"))
	return c.dataForm(q, editing{now: now, form: form})
}

// An editing is a draft while a person edits it.
type editing struct {
	now     adminapi.Config
	form    url.Values
	checked *adminapi.Checked
	sample  *adminapi.Sample
	fault   error
}

// changeData does what a button of the form says.
func (c *console) changeData(q *request) *page {
	now, err := c.Configuration.Config(q.Context())
	if err != nil {
		return dataPage(failed(err))
	}
	e := editing{now: now, form: q.PostForm}
	switch q.PostForm.Get("do") {
	case "check":
		return c.check(q, e)
	case "sample":
		return c.look(q, e)
	case "review":
		return c.reviewDraft(q, e)
	case "deploy":
		return c.deploy(q, e)
	case "rollback":
		return c.rollBack(q, now)
	case "edit":
		if len(e.form["seen"]) > 0 {
			return c.look(q, e)
		}
		return c.check(q, e)
	default:
		p := dataPage(notice("bad", h.P(h.Text("The form does not say what to do."))))
		p.status = http.StatusBadRequest
		return p
	}
}

// check shows the form with the faults of the draft.
func (c *console) check(q *request, e editing) *page {
	checked, err := c.Configuration.CheckDraft(q.Context(), draftIn(e.form, e.now))
	e.checked, e.fault = &checked, err
	return c.dataForm(q, e)
}

// look shows the form with a sample of the documents of the draft.
func (c *console) look(q *request, e editing) *page {
	draft := draftIn(e.form, e.now)
	if sample, err := c.Configuration.SampleDraft(q.Context(), q.peer, draft); err != nil {
		e.fault = err
	} else {
		e.sample = &sample
	}
	checked, err := c.Configuration.CheckDraft(q.Context(), draft)
	if err == nil {
		e.checked = &checked
	}
	return c.dataForm(q, e)
}

func (c *console) dataForm(q *request, e editing) *page {
	form := c.settingsForm
	if e.form.Get("tab") == "file" {
		form = c.fileForm
	}
	return dataPage(
		c.result(q),
		c.mayNot(q, "data"),
		h.If(e.now.Fault != "", notice("bad", h.P(h.Strong(h.Text("The file is not the running configuration."))), h.P(h.Text(e.now.Fault)))),
		h.If(e.now.ReadOnly != "", h.P(h.Class("notice info"), h.Text(e.now.ReadOnly+" You can edit and review a draft here, and copy its diff."))),
		tabs(e.form.Get("tab")),
		h.Div(h.ID("sample-fault"), h.Data("live", "sample"), h.Iff(e.fault != nil, func() h.Node { return failed(e.fault) })),
		form(q, e),
		c.versions(q, e.now),
	)
}

func tabs(chosen string) h.Node {
	tab := func(name, link, words string) h.Node {
		return h.A(h.Href(link), h.If(chosen == name, h.Aria("current", "page")), h.Text(words))
	}
	return h.Nav(h.Class("tabs"), h.Aria("label", "How to edit"), tab("", "data", "Settings"), tab("file", "data?tab=file", "The whole file"))
}

// draftState says what the draft changes, and what is wrong with it apart from the faults
// at its fields.
func draftState(e editing, shown map[string]bool) h.Node {
	content := h.Group{}
	where := place
	if e.form.Get("tab") == "file" {
		where = linked
	}
	if e.checked != nil {
		rest := []adminapi.Finding{}
		for _, f := range e.checked.Faults {
			if !shown[f.Path] {
				rest = append(rest, f)
			}
		}
		switch {
		case len(rest) > 0:
			content = append(content, h.Div(h.Class("notice bad"), findingsAt(rest, where)))
		case len(e.checked.Faults) > 0:
			content = append(content, h.P(h.Class("fault"), h.Text("The draft has faults, see above.")))
		case len(e.checked.Changed) == 0:
			content = append(content, h.P(h.Class("quiet"), h.Text("The draft is the same as the file.")))
		default:
			content = append(content, h.P(h.Text("The draft changes "), codeList(e.checked.Changed), h.Text(".")))
		}
	}
	return h.Div(h.ID("draft-state"), h.Data("live", "check"), h.Role("status"), content)
}

// place says where a finding is, in words.
func place(f adminapi.Finding) h.Node {
	words := h.Group{}
	if f.Line > 0 {
		words = append(words, h.Text("Line "+itoa(f.Line)))
	}
	if f.Path != "" {
		words = append(words, h.If(f.Line > 0, h.Text(", ")), h.Code(h.Text(f.Path)))
	}
	if len(words) == 0 {
		return nil
	}
	return append(words, h.Text(": "))
}

// linked is place with a link to the line of the text that is edited.
func linked(f adminapi.Finding) h.Node {
	if f.Line == 0 {
		return place(f)
	}
	line := h.A(h.Href("#text"), h.Data("line", itoa(f.Line)), h.Text("Line "+itoa(f.Line)))
	f.Line = 0
	if f.Path == "" {
		return h.Group{line, h.Text(": ")}
	}
	return h.Group{line, h.Text(", "), place(f)}
}
