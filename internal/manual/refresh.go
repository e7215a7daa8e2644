package manual

import (
	"fmt"
	"strings"

	"github.com/tokengraft/tokengraft/proxy/locate"
)

// RefreshWords returns the words that make a request a refresh or a login as a Markdown
// table.
func RefreshWords(lists []locate.WordList) string {
	var table strings.Builder
	table.WriteString("| what | | words | means |\n| --- | --- | --- | --- |\n")
	for _, list := range lists {
		fmt.Fprintf(&table, "| %s | %s | `%s` | %s |\n", list.Where, list.Match, strings.Join(list.Words, "`, `"), list.Means)
	}
	return table.String()
}
