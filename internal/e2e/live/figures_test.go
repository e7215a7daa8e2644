package live_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/adminapi"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

// The console shows what Prometheus reads: the same totals, and plots whose values add up to
// them.
func TestConsole_ShowsTheNumbersOfTheMetrics(t *testing.T) {
	t.Parallel() // most of it is waiting for the next figures
	l := start(t, configuration, "")
	const logins, others = 7, 2
	for range logins {
		l.logIn("/login")
	}
	l.backend.signWith("another-secret-of-at-least-thirty-two-bytes")
	for range others {
		l.logIn("/login")
	}
	var overview adminapi.Overview
	e2e.Eventually(t, "the plots have all logins", func() bool {
		l.api("/api/overview", &overview)
		return math.Round(added(overview, "tokens", "ok")) == logins && math.Round(added(overview, "tokens", "not_ours")+added(overview, "tokens", "bad_token")) == others
	})
	metrics := l.Metrics(t)
	for reason, n := range metrics.Reasons() {
		if got := added(overview, "tokens", reason); math.Abs(got-float64(n)) > .1 {
			t.Errorf("the plot of %s adds up to %.2f, and the metric is %d", reason, got, n)
		}
	}
	signIns := 0.0
	for name, value := range metrics {
		if strings.HasPrefix(name, "tokengraft_sign_ins_total") {
			signIns += value
		}
	}
	if got := added(overview, "sign_ins", ""); signIns == 0 || math.Abs(got-signIns) > .1 {
		t.Errorf("the plot of logins adds up to %.2f, and the metric to %.0f", got, signIns)
	}
	var rules adminapi.Rules
	l.api("/api/rules", &rules)
	found := int64(0)
	for reason, n := range rules.Rules[0].Reasons {
		found += n
		if int(n) != metrics.Reasons()[reason] {
			t.Errorf("the rule has %d tokens of %s, and the metric %d", n, reason, metrics.Reasons()[reason])
		}
	}
	if r := rules.Rules[0]; r.Answers != logins+others || r.Found != logins+others || found != logins+others {
		t.Errorf("%+v, want %d answers and tokens", r, logins+others)
	}
}

// api reads an answer of the API.
func (l *live) api(path string, value any) {
	l.t.Helper()
	if err := json.Unmarshal([]byte(l.Admin.Get(l.t, path)), value); err != nil {
		l.t.Fatal(err)
	}
}

// added returns how many events a line of a plot stands for; all lines, if label is empty.
func added(o adminapi.Overview, plot, label string) (sum float64) {
	for _, series := range o.Series {
		for _, line := range series.Lines {
			if series.Name != plot || label != "" && line.Label != label {
				continue
			}
			for _, value := range line.Values {
				if value != nil {
					sum += *value * series.Step
				}
			}
		}
	}
	return sum
}
