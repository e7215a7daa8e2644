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
	out.WriteString("| request | answer | who may |\n|---|---|---|\n")
	for _, e := range Endpoints() {
		query := ""
		if len(e.Query) > 0 {
			names := []string{}
			for _, p := range e.Query {
				names = append(names, p.Name+"=")
			}
			query = "?" + strings.Join(names, "&")
		}
		answer := "204"
		if e.Answer != nil && e.Answer.Name() != "" {
			answer = "`" + nameOf(e.Answer) + "`"
		}
		if e.Answer != nil && e.Answer.Name() == "" {
			answer = "JSON"
		}
		if e.TextAnswer != "" {
			answer = "text"
		}
		fmt.Fprintf(&out, "| `%s %s%s` | %s. %s | %s |\n", e.Method, e.Path, query, e.Summary, answer, e.Who)
	}
	return out.String()
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
