package sidecar

import (
	"strings"
	"testing"
)

// Documents cannot be created in Options.Source, so a login would fail.
func TestOpen_RefusesHooksThatWriteToAGivenSource(t *testing.T) {
	const text = `listen: 127.0.0.1:0
backend: http://127.0.0.1:1
rules: [{match: POST /login, tokens: [body]}]
verify: {secret: 0123456789abcdef0123456789abcdef, issuer: me}
documents:
  mongodb: {uri: "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=50", database: app, collection: users}
  user_id_field: id
`
	for _, hook := range []string{
		"user_creation: {webhook: {url: http://127.0.0.1:1}}\n",
		"triggers: [{name: seen, operation: LOGIN, last_login: seen}]\n",
	} {
		cfg := load(t, map[string]string{"tokengraft.yaml": text + hook})
		s, err := Open(cfg, Options{Source: fakeSource{}})
		if err == nil || !strings.Contains(err.Error(), ": documents: ") {
			t.Errorf("Open with %q and Options.Source: error %v, want a fault of documents", hook, err)
		}
		if s != nil {
			s.Close(t.Context())
		}
	}
}
