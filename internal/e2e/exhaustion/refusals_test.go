package exhaustion_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// refusals are how often the program has reached each of its limits.
type refusals map[string]int

var refusalLine = regexp.MustCompile(`(?m)^tokengraft_overloaded_total\{.*limit="(\w+)".*\} (\S+)$`)

// refusals reads the metric. After a restart it begins at 0.
func (p *program) refusals() refusals {
	counts := refusals{}
	reply, err := p.admin.Try(http.MethodGet, "/metrics", "")
	if err != nil {
		return counts
	}
	for _, found := range refusalLine.FindAllStringSubmatch(reply.Body, -1) {
		value, _ := strconv.ParseFloat(found[2], 64)
		counts[found[1]] = int(value)
	}
	return counts
}

// since returns what was refused after before.
func (r refusals) since(before refusals) string {
	var parts []string
	for limit, n := range r {
		if n > before[limit] {
			parts = append(parts, fmt.Sprintf("%d %s", n-before[limit], limit))
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}
