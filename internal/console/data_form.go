package console

import (
	"slices"
	"strconv"

	"github.com/tokengraft/tokengraft/internal/adminapi"
	h "github.com/tokengraft/tokengraft/internal/console/html"
)

func itoa(n int) string { return strconv.Itoa(n) }

// settingsForm is the form of the settings that App Services had, and their bounds.
func (c *console) settingsForm(q *request, e editing) h.Node {
	source := e.now.Settings.Source
	shown := map[string]bool{}
	for _, f := range fieldsOf(source) {
		shown[f.path] = true
	}
	return h.Form(h.Method("post"), h.Action("data"), h.ID("draft"), h.Data("check", ""), h.AutoComplete("off"),
		hidden("base", e.form.Get("base")), hidden("tab", ""),
		group("What happens to tokens", modeChoice(e)),
		h.Div(h.Class("thirds"),
			group("Where documents are", e.inputs(sourceFields[source]), lookButton(e)),
			group("Whose document it is", e.inputs(userFields)),
			group("The claim", e.inputs(claimFields)),
		),
		e.picker(),
		group("Size limits", e.inputs(limitFields)),
		draftState(e, shown),
		actions(),
	)
}

func actions() h.Node {
	return h.Div(h.Class("actions sticky"),
		h.Button(h.Class("primary"), h.Name("do"), h.Value("review"), h.Text("Review")),
		h.Button(h.Name("do"), h.Value("check"), h.Class("no-script"), h.Text("Check")),
		h.A(h.Class("button plain"), h.Href("data"), h.Text("Discard")),
	)
}

func lookButton(e editing) h.Node {
	if !e.now.Samples {
		return nil
	}
	words := "Look at the documents"
	if e.sample != nil {
		words = "Look again"
	}
	return h.Div(h.Button(h.Name("do"), h.Value("sample"), h.Data("inplace", "sample"), h.Text(words)))
}

// group is a fieldset in a card.
func group(title string, content ...h.Node) h.Node {
	return h.FieldSet(h.Class("card"), h.Legend(h.Text(title)), h.Group(content))
}

var modes = [][2]string{
	{"live", "Tokens get the user's document."},
	{"shadow", "Everything is tried and measured, and no response changes."},
	{"off", "Tokens pass as the backend issued them."},
}

func modeChoice(e editing) h.Node {
	return h.Div(h.Class("modes"), h.Map(modes, func(m [2]string) h.Node {
		id := "mode-" + m[0]
		return h.Label(h.Class("radio"), h.For(id), h.Input(h.Type("radio"), h.ID(id), h.Name("mode"), h.Value(m[0]), h.If(e.form.Get("mode") == m[0], h.Checked())),
			h.Span(h.Strong(h.Text(m[0])), h.Span(h.Class("help"), h.Text(" "+m[1]))))
	}))
}

func (e editing) inputs(fields []dataField) h.Node {
	return h.Div(h.Class("fields"), h.Map(fields, e.input))
}

// input is one setting with its label, its help and its faults.
func (e editing) input(f dataField) h.Node {
	id := slug(f.path)
	faults := e.faultsAt(f.path)
	return h.Div(
		h.Label(h.For(id), h.Text(f.label)),
		e.control(f, id, h.Aria("describedby", id+"-help "+id+"-fault"), h.If(len(faults) > 0, h.Aria("invalid", "true"))),
		h.P(h.ID(id+"-help"), h.Class("help"), h.Code(h.Text(f.path)), h.If(f.help != "", h.Text(" "+f.help))),
		h.Div(h.ID(id+"-fault"), h.Data("live", "check"), h.Map(faults, func(fault adminapi.Finding) h.Node {
			return h.P(h.Class("fault"), h.Text(fault.Message+" "+fault.Hint))
		})),
	)
}

func (e editing) control(f dataField, id string, attributes ...h.Node) h.Node {
	value := e.form.Get(f.path)
	if f.options == nil {
		return h.Input(h.ID(id), h.Name(f.path), h.Value(value), h.Attr("spellcheck", "false"), h.Group(attributes))
	}
	options := f.options
	if !slices.Contains(options, value) {
		options = append(slices.Clone(options), value)
	}
	return h.Select(h.ID(id), h.Name(f.path), h.Group(attributes), h.Map(options, func(option string) h.Node {
		return h.Option(h.Value(option), h.If(option == value, h.Selected()), h.Text(option))
	}))
}

func (e editing) faultsAt(path string) (faults []adminapi.Finding) {
	if e.checked == nil {
		return nil
	}
	for _, f := range e.checked.Faults {
		if f.Path == path {
			faults = append(faults, f)
		}
	}
	return faults
}

// fileForm edits the whole file, in which secrets are replaced.
func (c *console) fileForm(q *request, e editing) h.Node {
	return h.Form(h.Method("post"), h.Action("data"), h.ID("draft"), h.Data("check", ""), h.AutoComplete("off"),
		hidden("base", e.form.Get("base")), hidden("tab", "file"),
		h.Div(h.Class("card"),
			h.Div(h.Class("row"), h.Label(h.For("text"), h.Text(e.now.File)), h.Span(h.Class("quiet"), h.Text("revision "+shortID(e.now.Revision)))),
			h.P(h.ID("text-help"), h.Class("help"), h.Text("Secrets are shown as "), h.Code(h.Text(adminapi.Redacted)), h.Text(". A line that keeps this keeps its secret.")),
			h.Textarea(h.ID("text"), h.Class("code"), h.Name("text"), h.Rows(itoa(min(max(lines(e.form.Get("text")), 12), 36))), h.Attr("spellcheck", "false"), h.Attr("wrap", "off"), h.Aria("describedby", "text-help"), h.Text("\n"+e.form.Get("text"))),
		),
		draftState(e, nil),
		actions(),
	)
}

func lines(text string) (n int) {
	for _, r := range text {
		if r == '\n' {
			n++
		}
	}
	return n + 1
}
