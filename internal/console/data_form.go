package console

import (
	"slices"
	"strconv"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"github.com/tokengraft/tokengraft/internal/adminapi"
)

func itoa(n int) string { return strconv.Itoa(n) }

// settingsForm is the form of the settings that App Services had, and their bounds.
func (c *console) settingsForm(q *request, e editing) g.Node {
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

func actions() g.Node {
	return h.Div(h.Class("actions sticky"),
		h.Button(h.Class("primary"), h.Name("do"), h.Value("review"), g.Text("Review")),
		h.Button(h.Name("do"), h.Value("check"), h.Class("no-script"), g.Text("Check")),
		h.A(h.Class("button plain"), h.Href("data"), g.Text("Discard")),
	)
}

func lookButton(e editing) g.Node {
	words := "Look at the documents"
	if e.sample != nil {
		words = "Look again"
	}
	return h.Div(h.Button(h.Name("do"), h.Value("sample"), h.Data("inplace", "sample"), g.Text(words)))
}

// group is a fieldset in a card.
func group(title string, content ...g.Node) g.Node {
	return h.FieldSet(h.Class("card"), h.Legend(g.Text(title)), g.Group(content))
}

var modes = [][2]string{
	{"live", "Tokens get the user's document."},
	{"shadow", "Everything is tried and measured, and no response changes."},
	{"off", "Tokens pass as the backend issued them."},
}

func modeChoice(e editing) g.Node {
	return h.Div(h.Class("modes"), g.Map(modes, func(m [2]string) g.Node {
		id := "mode-" + m[0]
		return h.Label(h.Class("radio"), h.For(id), h.Input(h.Type("radio"), h.ID(id), h.Name("mode"), h.Value(m[0]), g.If(e.form.Get("mode") == m[0], h.Checked())),
			h.Span(h.Strong(g.Text(m[0])), h.Span(h.Class("help"), g.Text(" "+m[1]))))
	}))
}

func (e editing) inputs(fields []dataField) g.Node {
	return h.Div(h.Class("fields"), g.Map(fields, e.input))
}

// input is one setting with its label, its help and its faults.
func (e editing) input(f dataField) g.Node {
	id := slug(f.path)
	faults := e.faultsAt(f.path)
	return h.Div(
		h.Label(h.For(id), g.Text(f.label)),
		e.control(f, id, h.Aria("describedby", id+"-help "+id+"-fault"), g.If(len(faults) > 0, h.Aria("invalid", "true"))),
		h.P(h.ID(id+"-help"), h.Class("help"), h.Code(g.Text(f.path)), g.If(f.help != "", g.Text(" "+f.help))),
		h.Div(h.ID(id+"-fault"), h.Data("live", "check"), g.Map(faults, func(fault adminapi.Finding) g.Node {
			return h.P(h.Class("fault"), g.Text(fault.Message+" "+fault.Hint))
		})),
	)
}

func (e editing) control(f dataField, id string, attributes ...g.Node) g.Node {
	value := e.form.Get(f.path)
	if f.options == nil {
		return h.Input(h.ID(id), h.Name(f.path), h.Value(value), g.Attr("spellcheck", "false"), g.Group(attributes))
	}
	options := f.options
	if !slices.Contains(options, value) {
		options = append(slices.Clone(options), value)
	}
	return h.Select(h.ID(id), h.Name(f.path), g.Group(attributes), g.Map(options, func(option string) g.Node {
		return h.Option(h.Value(option), g.If(option == value, h.Selected()), g.Text(option))
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
func (c *console) fileForm(q *request, e editing) g.Node {
	return h.Form(h.Method("post"), h.Action("data"), h.ID("draft"), h.Data("check", ""), h.AutoComplete("off"),
		hidden("base", e.form.Get("base")), hidden("tab", "file"),
		h.Div(h.Class("card"),
			h.Div(h.Class("row"), h.Label(h.For("text"), g.Text(e.now.File)), h.Span(h.Class("quiet"), g.Text("revision "+shortID(e.now.Revision)))),
			h.P(h.ID("text-help"), h.Class("help"), g.Text("Secrets are shown as "), h.Code(g.Text(adminapi.Redacted)), g.Text(". A line that keeps this keeps its secret.")),
			h.Textarea(h.ID("text"), h.Class("code"), h.Name("text"), h.Rows(itoa(min(max(lines(e.form.Get("text")), 12), 36))), g.Attr("spellcheck", "false"), g.Attr("wrap", "off"), h.Aria("describedby", "text-help"), g.Text("\n"+e.form.Get("text"))),
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
