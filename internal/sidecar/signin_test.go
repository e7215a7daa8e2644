package sidecar

import (
	"strings"
	"testing"
)

// Documents cannot be created in Options.Source, so a login would fail.
func TestOpen_RefusesHooksThatWriteToAGivenSource(t *testing.T) {
	for _, hook := range []string{
		"user_creation: {webhook: {url: http://127.0.0.1:1}}\n",
		"triggers: [{name: seen, operation: LOGIN, last_login: seen}]\n",
	} {
		cfg := load(t, map[string]string{"tokengraft.yaml": withMongoDB + hook})
		s, err := Open(cfg, Options{Source: fakeSource{}})
		if err == nil || !strings.Contains(err.Error(), ": documents: ") {
			t.Errorf("Open with %q and Options.Source: error %v, want a fault of documents", hook, err)
		}
		if s != nil {
			s.Close(t.Context())
		}
	}
}
