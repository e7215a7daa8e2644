package openapi

import (
	"fmt"
	"strings"
)

// Page is the page of the documentation that has the tables, and its lines
// <!-- endpoints --> and <!-- problems -->.
const Page = "docs/admin-api.md"

// Tables returns the tables of [Page], by their names.
func Tables() map[string]string {
	return map[string]string{"endpoints": endpointTable(), "problems": problemTable()}
}

func endpointTable() string {
	var out strings.Builder
	out.WriteString("| request | does, or says | answer | who may |\n|---|---|---|---|\n")
	for _, e := range Endpoints() {
		fmt.Fprintf(&out, "| `%s %s%s` | %s | %s | %s |\n", e.Method, e.Path, e.query(), e.Summary, e.answer(), e.Who)
	}
	return out.String()
}

// query returns the query with all its parameters, without their values.
func (e Endpoint) query() string {
	var names []string
	for _, p := range e.Query {
		names = append(names, p.Name+"=")
	}
	if names == nil {
		return ""
	}
	return "?" + strings.Join(names, "&")
}

// answer returns the name of the answer's schema, or a word for it.
func (e Endpoint) answer() string {
	switch {
	case e.TextAnswer != "":
		return "text"
	case e.Answer == nil:
		return "204"
	case e.Answer.Name() == "":
		return "JSON"
	}
	return "`" + nameOf(e.Answer) + "`"
}

func problemTable() string {
	var out strings.Builder
	out.WriteString("| status | `type` | means |\n|---|---|---|\n")
	for _, f := range failures {
		fmt.Fprintf(&out, "| %d | %s | %s |\n", f.status, quoted(f.types), f.description)
	}
	return out.String()
}

// quoted returns names for a sentence.
func quoted(names []string) string { return "`" + strings.Join(names, "` or `") + "`" }
