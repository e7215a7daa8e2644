package console

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/internal/adminapi"
	h "github.com/tokengraft/tokengraft/internal/console/html"
)

// picker chooses the fields of the document that are in tokens.
func (e editing) picker() h.Node {
	only := e.form.Get("fields") == "only"
	return h.FieldSet(h.ID("picker"), h.Class("card"), h.Data("live", "sample"), h.Legend(h.Text("Which fields are in the token")),
		h.Div(h.Class("choice"),
			radio("fields-all", "fields", "all", "All, except those that are left out", !only),
			radio("fields-only", "fields", "only", "Only those that are chosen", only),
		),
		e.sampled(),
		h.Div(
			e.pathsLabel(),
			h.Textarea(h.ID("paths"), h.Class("code"), h.Name("paths"), h.Rows(itoa(min(max(lines(e.restOfPaths()), 2), 8))), h.Attr("spellcheck", "false"), h.Aria("describedby", "paths-help paths-fault"), h.Text("\n"+e.restOfPaths())),
			h.P(h.ID("paths-help"), h.Class("help"), h.Text("One path per line. Dots reach into objects. "), h.Code(h.Text("claim.include")), h.Text(", "), h.Code(h.Text("claim.exclude"))),
			h.Div(h.ID("paths-fault"), h.Data("live", "check"), h.Map(append(e.faultsAt("claim.include"), e.faultsAt("claim.exclude")...), func(f adminapi.Finding) h.Node {
				return h.P(h.Class("fault"), h.Text(f.Message+" "+f.Hint))
			})),
		),
	)
}

func radio(id, name, value, words string, checked bool) h.Node {
	return h.Label(h.Class("radio"), h.For(id), h.Input(h.Type("radio"), h.ID(id), h.Name(name), h.Value(value), h.If(checked, h.Checked())), h.Span(h.Text(words)))
}

// pathsLabel has the words for both choices. The style sheet shows those of the current one.
func (e editing) pathsLabel() h.Node {
	rest := ""
	if e.sample != nil && len(e.sample.Fields) > 0 {
		rest = ", apart from those above"
	}
	return h.Label(h.For("paths"), h.Span(h.Class("if-all"), h.Text("Fields to leave out"+rest)), h.Span(h.Class("if-only"), h.Text("Fields to include"+rest)))
}

// restOfPaths are the paths that have no box, because the sample does not have them.
func (e editing) restOfPaths() string {
	if e.sample == nil {
		if len(e.form["seen"]) == 0 {
			return e.form.Get("paths")
		}
		return strings.Join(listIn(e.form), "\n")
	}
	paths := slices.DeleteFunc(listIn(e.form), func(path string) bool {
		return slices.ContainsFunc(e.sample.Fields, func(f adminapi.SampledField) bool { return f.Path == path })
	})
	return strings.Join(paths, "\n")
}

// sampled shows the fields of the sample with boxes, what they need of the budget, and the
// types of the ids.
func (e editing) sampled() h.Node {
	switch {
	case e.sample == nil:
		return h.If(e.now.Samples, h.P(h.Class("empty"), h.Text("Look at the documents to pick fields from a list, with their sizes.")))
	case e.sample.Fault != "":
		return notice("bad", h.P(h.Text(e.sample.Fault)))
	case e.sample.Documents == 0:
		return h.P(h.Class("notice warn"), h.Text("The collection has no documents."))
	}
	return h.Group{
		e.usersFound(),
		e.ids(),
		e.fieldBoxes(),
		e.budget(),
	}
}

func (e editing) usersFound() h.Node {
	s := e.sample
	if s.Users == 0 {
		return h.P(h.Class("quiet"), h.Text(fmt.Sprintf("A sample of %s. No user has logged in yet to compare with.", count(s.Documents, "document", "documents"))))
	}
	tone := "good"
	if s.UsersFound == 0 {
		tone = "bad"
	} else if s.UsersFound < s.Users {
		tone = "info"
	}
	return h.P(h.Class("notice "+tone), h.Text(fmt.Sprintf("Users who logged in last and have a document with this draft: %d of %d. The sample has %s.", s.UsersFound, s.Users, count(s.Documents, "document", "documents"))))
}

// ids shows which types the user ids have, and whether the draft finds them.
func (e editing) ids() h.Node {
	rows := [][]h.Node{}
	examples := false
	for _, ids := range e.sample.IDs {
		examples = examples || len(ids.Examples) > 0
	}
	for _, ids := range e.sample.IDs {
		matches := pill("bad", "does not match")
		if ids.Matches {
			matches = pill("good", "matches")
		}
		row := []h.Node{h.Code(h.Text(ids.Type)), h.Text(grouped(int64(ids.Documents))), matches}
		if examples {
			row = append(row, codeList(ids.Examples))
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return nil
	}
	columns := []column{{"Type of the user id", "code"}, {"Documents", "num"}, {"user_id_type", ""}}
	if examples {
		columns = append(columns, column{"Examples", "grow"})
	}
	return table("The user ids of the sample by type", columns, rows)
}

func (e editing) fieldBoxes() h.Node {
	rows := [][]h.Node{}
	list := listIn(e.form)
	// Only claim.include embeds a field that looks like a credential.
	keptBack := func(f adminapi.SampledField) bool {
		return f.Credential && !f.Included && e.form.Get("fields") != "only" && !slices.Contains(list, f.Path)
	}
	for i, f := range e.sample.Fields {
		id := "embed-" + itoa(i)
		rows = append(rows, []h.Node{
			h.Group{
				hidden("seen", f.Path), h.If(f.Included, hidden("was", f.Path)), h.If(slices.Contains(list, f.Path), hidden("listed", f.Path)),
				checkbox(id, "embed", f.Path, f.Path, h.If(f.Included, h.Checked()), h.If(keptBack(f), h.Disabled()), h.Data("median", itoa(f.MedianBytes)), h.Data("max", itoa(f.MaxBytes))),
			},
			h.Group{h.Text(strings.Join(f.Types, ", ")), h.If(f.Credential, h.Group{h.Text(" "), pill("warn", "looks like a credential")})},
			h.Text(fmt.Sprintf("%d %%", f.Documents*100/max(e.sample.Documents, 1))),
			h.Text(grouped(int64(f.MedianBytes))), h.Text(grouped(int64(f.MaxBytes))),
		})
	}
	columns := []column{{"Field", "code"}, {"Types", ""}, {"Have it", "num"}, {"Bytes, median", "num"}, {"largest", "num"}}
	return h.Group{hidden("listed_as", e.form.Get("fields")), table("The fields of the sample. Ticked fields are in the token", columns, rows)}
}

// budget compares the chosen fields with the bounds. The script does it again at a change.
func (e editing) budget() h.Node {
	chosen, largest := int64(2), int64(2) // the braces
	for _, f := range e.sample.Fields {
		if f.Included {
			chosen, largest = chosen+int64(f.MedianBytes)+1, largest+int64(f.MaxBytes)+1
		}
	}
	limit, token := e.now.Settings.MaxSize, e.now.Settings.MaxToken
	if e.checked != nil && e.checked.Settings != nil {
		limit, token = e.checked.Settings.MaxSize, e.checked.Settings.MaxToken
	}
	return h.Div(h.Class("budget"),
		meter("", "A usual document", chosen, limit, h.Data("budget", "median"), h.Data("limit", fmt.Sprint(limit))),
		meter("", "With the largest values", largest, limit, h.Data("budget", "max"), h.Data("limit", fmt.Sprint(limit))),
		meter("", "The same in a token", largest*4/3, token, h.Data("budget", "max"), h.Data("factor", "4/3"), h.Data("limit", fmt.Sprint(token))),
		h.P(h.Class("help"), h.Text("The bounds are max_size and max_token_size. In a token, three bytes become four. The backend's own claims and the signature come on top; Review measures whole tokens.")),
	)
}
