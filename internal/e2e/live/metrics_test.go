package live_test

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	documented = regexp.MustCompile("(?m)^\\| `([a-z_]+)(?:\\{([a-z_,]+)\\})?` \\| (counter|gauge|histogram) ")
	typeLine   = regexp.MustCompile(`(?m)^# TYPE (\S+) (\S+)$`)
	labelNames = regexp.MustCompile(`([a-z_]+)="`)
)

// The table in docs/operations.md has every metric at /metrics, with its type and labels.
func TestMetrics_AreAsDocumented(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	types, labels := map[string]string{}, map[string][]string{}
	for _, row := range documented.FindAllStringSubmatch(string(page), -1) {
		types[row[1]], labels[row[1]] = row[3], strings.Split(row[2], ",")
	}
	l := start(t, configuration, "")
	l.logIn("/login")
	l.logIn("/other")
	text := l.Admin.Get(t, "/metrics")
	seen := map[string]bool{}
	for _, line := range typeLine.FindAllStringSubmatch(text, -1) {
		name := line[1]
		if strings.HasPrefix(name, "go_") || strings.HasPrefix(name, "process_") {
			continue
		}
		seen[name] = true
		if types[name] != line[2] {
			t.Errorf("%s is a %s, but docs/operations.md says %q; run make settings", name, line[2], types[name])
		}
	}
	for _, want := range []string{"tokengraft_build_info", "tokengraft_config_last_reload_timestamp_seconds", "http_server_request_duration_seconds", "http_server_active_requests", "http_client_request_duration_seconds"} {
		if !seen[want] {
			t.Errorf("/metrics does not have %s; it has %q", want, slices.Sorted(maps.Keys(seen)))
		}
	}
	for line := range strings.Lines(text) {
		name, rest, ok := strings.Cut(line, "{")
		for _, suffix := range []string{"_bucket", "_sum", "_count"} {
			name = strings.TrimSuffix(name, suffix)
		}
		if !ok || !seen[name] {
			continue
		}
		for _, label := range labelNames.FindAllStringSubmatch(rest, -1) {
			if !slices.Contains(labels[name], label[1]) && label[1] != "le" {
				t.Errorf("%s has the label %s, which docs/operations.md does not name: it has %q", name, label[1], labels[name])
			}
		}
	}
}
