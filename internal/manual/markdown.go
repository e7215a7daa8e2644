package manual

import (
	"fmt"
	"strings"
)

// settingsHead begins every table of settings.
const settingsHead = "| setting | value | default | |\n|---|---|---|---|\n"

// Markdown writes the settings for a page: a table of the top level of the file,
// then a heading and a table for each of its sections.
func Markdown(settings []Setting) string {
	var top, sections strings.Builder
	for _, s := range settings {
		name, _, nested := strings.Cut(s.Path, ".")
		name = strings.TrimSuffix(name, "[]")
		switch {
		case nested:
			sections.WriteString(s.row("`" + s.Path + "`"))
		case hasSettings(settings, name):
			top.WriteString(s.row("[`" + name + "`](#" + name + ")"))
			fmt.Fprintf(&sections, "\n#### %s\n\n%s", name, settingsHead)
		default:
			top.WriteString(s.row("`" + name + "`"))
		}
	}
	return settingsHead + top.String() + sections.String()
}

// hasSettings reports whether there are settings in a section of the top level.
func hasSettings(settings []Setting, section string) bool {
	for _, s := range settings {
		if strings.HasPrefix(s.Path, section+".") || strings.HasPrefix(s.Path, section+"[].") {
			return true
		}
	}
	return false
}

func (s Setting) row(name string) string {
	initial := "–"
	switch {
	case s.Required:
		initial = "required"
	case s.Default != "":
		initial = "`" + s.Default + "`"
	}
	return fmt.Sprintf("| %s | %s | %s | %s |\n", name, s.Type, initial, cell(s.Description))
}

// cell escapes what would end a cell of a table.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }
