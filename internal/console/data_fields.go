package console

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/internal/adminapi"
)

// A dataField is a setting of custom user data in the form. Its path is also the name of
// its input.
type dataField struct {
	path, label, help string
	options           []string // nil for text
	get               func(adminapi.DataSettings) string
}

// The options are the words of the configuration.
var (
	idTypes = []string{"auto", "string", "objectId", "int", "uuid"}
	formats = []string{"plain", "relaxed", "canonical", "app-services"}
)

var sourceFields = map[string][]dataField{
	"mongodb": {
		{path: "documents.mongodb.database", label: "Database", get: func(s adminapi.DataSettings) string { return s.Database }},
		{path: "documents.mongodb.collection", label: "Collection", get: func(s adminapi.DataSettings) string { return s.Collection }},
	},
	"file": {
		{path: "documents.file", label: "File", help: "A JSON array, or one object per line.", get: func(s adminapi.DataSettings) string { return s.File }},
	},
}

var userFields = []dataField{
	{path: "documents.user_id_claim", label: "User id in the token", help: "The claim that names the user.", get: func(s adminapi.DataSettings) string { return s.UserIDClaim }},
	{path: "documents.user_id_field", label: "User id in the document", help: "The field with the same id.", get: func(s adminapi.DataSettings) string { return s.UserIDField }},
	{path: "documents.user_id_type", label: "Type of that field", options: idTypes, get: func(s adminapi.DataSettings) string { return s.UserIDType }},
}

var claimFields = []dataField{
	{path: "claim.name", label: "Name of the claim", get: func(s adminapi.DataSettings) string { return s.ClaimName }},
	{path: "claim.format", label: "Format", help: "How BSON values are written as JSON.", options: formats, get: func(s adminapi.DataSettings) string { return s.Format }},
}

var limitFields = []dataField{
	{path: "claim.max_size", label: "Largest document", get: func(s adminapi.DataSettings) string { return setSize(s.MaxSize) }},
	{path: "claim.max_token_size", label: "Largest token in a body", get: func(s adminapi.DataSettings) string { return setSize(s.MaxToken) }},
	{path: "claim.max_header_size", label: "Largest header line", get: func(s adminapi.DataSettings) string { return setSize(s.MaxHeader) }},
}

// fieldsOf returns the text settings of a source.
func fieldsOf(source string) []dataField {
	return slices.Concat(sourceFields[source], userFields, claimFields, limitFields)
}

// setSize writes a size as the configuration does: in the largest unit that divides it.
func setSize(n int64) string {
	for _, unit := range []struct {
		name  string
		bytes int64
	}{{"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if n != 0 && n%unit.bytes == 0 {
			return fmt.Sprint(n/unit.bytes) + unit.name
		}
	}
	return fmt.Sprint(n)
}

// valuesOfSettings fills the form with settings.
func valuesOfSettings(s adminapi.DataSettings) url.Values {
	v := url.Values{"mode": {s.Mode}}
	for _, f := range fieldsOf(s.Source) {
		v.Set(f.path, f.get(s))
	}
	v.Set("fields", "all")
	v.Set("paths", strings.Join(s.Exclude, "\n"))
	if len(s.Include) > 0 {
		v.Set("fields", "only")
		v.Set("paths", strings.Join(s.Include, "\n"))
	}
	return v
}

// settingsIn returns what a form changes of the settings.
func settingsIn(form url.Values, now adminapi.DataSettings) []adminapi.Setting {
	set := modeIn(form, now)
	for _, f := range fieldsOf(now.Source) {
		value := strings.TrimSpace(form.Get(f.path))
		if !form.Has(f.path) || value == f.get(now) {
			continue
		}
		if value == "" {
			set = append(set, adminapi.Setting{Path: f.path})
			continue
		}
		set = append(set, adminapi.Setting{Path: f.path, Value: value})
	}
	include, exclude := []string(nil), listIn(form)
	if form.Get("fields") == "only" {
		include, exclude = exclude, nil
	}
	if form.Get("fields") != "" {
		set = append(set, listChange("claim.include", include, now.Include)...)
		set = append(set, listChange("claim.exclude", exclude, now.Exclude)...)
	}
	return set
}

func listChange(path string, want, now []string) []adminapi.Setting {
	switch {
	case sameSet(want, now):
		return nil
	case len(want) == 0:
		return []adminapi.Setting{{Path: path}}
	default:
		return []adminapi.Setting{{Path: path, Value: want}}
	}
}

// sameSet compares lists whose order does not matter.
func sameSet(a, b []string) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(slices.Compact(a), slices.Compact(b))
}

// modeIn returns the two settings that make the mode.
func modeIn(form url.Values, now adminapi.DataSettings) []adminapi.Setting {
	want := form.Get("mode")
	if want == "" || want == now.Mode {
		return nil
	}
	orDefault := func(isDefault bool, value any) any {
		if isDefault {
			return nil
		}
		return value
	}
	set := []adminapi.Setting{}
	if (want == "off") != (now.Mode == "off") {
		set = append(set, adminapi.Setting{Path: "claim.enabled", Value: orDefault(want != "off", false)})
	}
	// A file that is off can have shadow too.
	if (want == "shadow") != (now.Mode == "shadow") || now.Mode == "off" && want == "live" {
		set = append(set, adminapi.Setting{Path: "shadow", Value: orDefault(want != "shadow", true)})
	}
	return set
}

// listIn returns the paths of a form: those that are written, and those of the sample that
// are in the list.
func listIn(form url.Values) []string {
	all := strings.FieldsFunc(form.Get("paths"), func(r rune) bool { return r == '\n' || r == '\r' || r == ',' })
	paths := []string{}
	add := func(path string) {
		if path = strings.TrimSpace(path); path != "" && !slices.Contains(paths, path) {
			paths = append(paths, path)
		}
	}
	for _, path := range all {
		add(path)
	}
	for _, path := range form["seen"] {
		if isListed(form, path) {
			add(path)
		}
	}
	return paths
}

// isListed reports whether a path of the sample is in the list. A box that was not touched
// leaves the list as it was: a field can be left out for another reason, such as that it
// looks like a credential.
func isListed(form url.Values, path string) bool {
	ticked, was := slices.Contains(form["embed"], path), slices.Contains(form["was"], path)
	if ticked == was && form.Get("fields") == form.Get("listed_as") {
		return slices.Contains(form["listed"], path)
	}
	return ticked == (form.Get("fields") == "only")
}

// draftIn makes the draft of a form.
func draftIn(form url.Values, now adminapi.Config) adminapi.Draft {
	d := adminapi.Draft{Base: form.Get("base")}
	if form.Get("tab") == "file" {
		// Browsers send the ends of lines as CR LF.
		text := strings.ReplaceAll(form.Get("text"), "\r\n", "\n")
		d.Text = &text
		return d
	}
	d.Set = settingsIn(form, now.Settings)
	return d
}
