package live_test

import (
	"testing"

	"github.com/tokengraft/tokengraft/internal/e2e"
)

// serve logs what check warns about without asking a server. After a reload it logs
// only what is new.
func TestServe_LogsRiskySettings(t *testing.T) {
	l := start(t, configuration, "")
	const risk = "a setting is allowed, but risky"
	e2e.Eventually(t, "the first warning is logged", func() bool { return l.Log.Count("neither issuer nor audience") == 1 })
	l.Reconfigure(t, "documents:", "claim: {name: is_admin, allow_privileged_name: true}\ndocuments:")
	if l.Log.Count(risk) != 2 || l.Log.Count(`"setting":"claim.name"`) != 1 {
		t.Errorf("log %s, want a second warning, about claim.name", l.Log)
	}
}
