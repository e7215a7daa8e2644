package live_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/e2e"
)

// With a wrong file, a running sidecar keeps its configuration (law G6). It stays
// healthy, so that an orchestrator does not restart it.
func TestHealth_IsGoodWhileTheFileIsWrong(t *testing.T) {
	t.Parallel()
	configuration := configuration + "admin: " + string(e2e.FreeAddress(t)) + "\n" // health reads the address from the file
	l := start(t, configuration, "")
	e2e.Eventually(t, "the sidecar is ready", func() bool { return strings.Contains(l.Admin.Get(t, "/readyz"), `"status":"ready"`) })
	wrong := strings.Replace(configuration, "POST /login", "POST login", 1)
	l.Log.After(t, "was not reloaded", func() { l.Configure(t, l.fill(wrong)) })
	for _, test := range []struct {
		args []string
		code int
		want string
		stop bool
	}{
		{want: "alive"},
		{args: []string{"--ready"}, want: "degraded"},
		{stop: true, code: 2, want: "rules[0].match: is not a pattern"},
	} {
		if test.stop {
			l.Stop(t)
		}
		code, stdout, stderr := e2e.Run(t, append([]string{"health", "-c", filepath.Join(l.Dir, e2e.File)}, test.args...)...)
		if code != test.code || !strings.Contains(stdout+stderr, test.want) {
			t.Errorf("health %v, sidecar stopped: %v: got exit code %d and %s%s; want %d and %q", test.args, test.stop, code, stdout, stderr, test.code, test.want)
		}
	}
}

// An alert on the growth of a counter does not see its first event, unless the counter was
// there before it.
func TestMetrics_CountersOfAlertsAreThereFromTheStart(t *testing.T) {
	t.Parallel()
	metrics := start(t, configuration, "").Admin.Get(t, "/metrics")
	for _, counter := range []string{
		`tokengraft_unrestored_unauthorized_total`,
		`tokengraft_source_duplicates_total{source="file"}`,
		`tokengraft_credentials_total{action="dropped"}`,
		`tokengraft_credentials_total{action="embedded"}`,
		`tokengraft_existing_claims_total{from="copied"}`,
		`tokengraft_existing_claims_total{from="backend"}`,
		`tokengraft_overloaded_total{limit="requests"}`,
	} {
		if !strings.Contains(metrics, "\n"+counter+" 0\n") {
			t.Errorf("before any request: want the counter %s with the value 0; got\n%s", counter, metrics)
		}
	}
}
