package compose_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// A query is what a panel of the dashboard shows or an alert watches.
type query struct{ name, expr string }

// checkQueries checks that every metric in the queries of the dashboard and the alerts
// has a value in a sidecar's metrics, with the labels that the query names. It skips
// the queries notHappened. It logs what each query selects.
func checkQueries(t *testing.T, metrics string, notHappened ...string) {
	t.Helper()
	for _, q := range append(dashboardQueries(t), alertQueries(t)...) {
		if slices.Contains(notHappened, q.name) {
			continue
		}
		for _, s := range selectorsOf(q.expr) {
			lines := s.selectFrom(metrics)
			if len(lines) == 0 {
				t.Errorf("%s: %s selects no metric, want at least one", q.name, s)
				continue
			}
			for _, label := range groupings(q.expr) {
				if !strings.Contains(lines[0], label+"=") {
					t.Errorf("%s: got %s, want the label %s", q.name, lines[0], label)
				}
			}
			t.Logf("%s: %s\n%s", q.name, q.expr, strings.Join(lines[:min(3, len(lines))], "\n"))
		}
	}
}

// A selector names a metric and says what its labels must be.
type selector struct {
	metric   string
	matchers [][]string // each: all, label, operator, value
}

var (
	selectors = regexp.MustCompile(`\b((?:(?:tokengraft|go|process)_|http_(?:server|client)_)[a-z_]+)(\{[^}]*\})?`)
	matchers  = regexp.MustCompile(`(\w+)(=~|!~|!=|=)"([^"]*)"`)
	sample    = regexp.MustCompile(`(?m)^([a-z_]+)(\{.*\})? (\S+)$`)
	grouping  = regexp.MustCompile(`by \(([^)]*)\)`)
)

func selectorsOf(expr string) (found []selector) {
	for _, match := range selectors.FindAllStringSubmatch(expr, -1) {
		found = append(found, selector{match[1], matchers.FindAllStringSubmatch(match[2], -1)})
	}
	return found
}

func (s selector) String() string {
	var parts []string
	for _, m := range s.matchers {
		parts = append(parts, m[0])
	}
	return s.metric + "{" + strings.Join(parts, ",") + "}"
}

// selectFrom returns the lines of the Prometheus text format that the selector
// matches and whose value is not zero.
func (s selector) selectFrom(metrics string) (lines []string) {
	for _, line := range sample.FindAllStringSubmatch(metrics, -1) {
		if line[1] == s.metric && line[3] != "0" && s.matches(line[2]) {
			lines = append(lines, line[0])
		}
	}
	return lines
}

func (s selector) matches(labels string) bool {
	values := map[string]string{"job": "tokengraft"} // Prometheus adds this label
	for _, label := range matchers.FindAllStringSubmatch(labels, -1) {
		values[label[1]] = label[3]
	}
	return !slices.ContainsFunc(s.matchers, func(m []string) bool {
		pattern := regexp.QuoteMeta(m[3])
		if strings.HasSuffix(m[2], "~") {
			pattern = m[3]
		}
		equal := regexp.MustCompile("^(?:" + pattern + ")$").MatchString(values[m[1]])
		return equal == strings.HasPrefix(m[2], "!")
	})
}

// groupings are the labels that a query groups by.
func groupings(expr string) (labels []string) {
	for _, group := range grouping.FindAllStringSubmatch(expr, -1) {
		for label := range strings.SplitSeq(group[1], ",") {
			labels = append(labels, strings.TrimSpace(label))
		}
	}
	return labels
}

func dashboardQueries(t *testing.T) (queries []query) {
	t.Helper()
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	text, err := os.ReadFile("grafana/tokengraft.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &dashboard); err != nil {
		t.Fatal(err)
	}
	for _, panel := range dashboard.Panels {
		for _, target := range panel.Targets {
			queries = append(queries, query{"panel " + panel.Title, target.Expr})
		}
	}
	return queries
}

func alertQueries(t *testing.T) (queries []query) {
	t.Helper()
	var file struct {
		Groups []struct {
			Rules []struct{ Alert, Expr string }
		}
	}
	text, err := os.ReadFile("alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	for _, group := range file.Groups {
		for _, rule := range group.Rules {
			queries = append(queries, query{"alert " + rule.Alert, rule.Expr})
		}
	}
	return queries
}
