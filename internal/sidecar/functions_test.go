package sidecar

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich/hooks/javascript"
)

// A reload logs a fault again if its text has changed, so the order must be stable.
func TestOpenFunctions_ReportsMissingFunctionsInTheOrderOfTheFile(t *testing.T) {
	cfg := load(t, map[string]string{
		"tokengraft.yaml": withMongoDB + `functions: {dir: .}
user_creation: {function: a}
triggers:
  - {name: b, operation: LOGIN, function: b}
  - {name: c, operation: LOGIN, function: c}
  - {name: d, operation: LOGIN, function: d}
`,
		"other.js": "exports = function() {}",
	})
	for range 10 {
		_, err := openFunctions(cfg, javascript.Engine, nil, slog.New(slog.DiscardHandler))
		var paths []string
		for _, fault := range faultsIn(err) {
			paths = append(paths, fault.Path)
		}
		want := "user_creation.function triggers[0].function triggers[1].function triggers[2].function"
		if got := strings.Join(paths, " "); got != want {
			t.Fatalf("faults of the settings %s, want %s", got, want)
		}
	}
}

// withMongoDB is a configuration with a MongoDB that does not answer.
const withMongoDB = `listen: 127.0.0.1:0
backend: http://127.0.0.1:1
rules: [{match: POST /login, tokens: [body]}]
verify: {secret: 0123456789abcdef0123456789abcdef, issuer: me}
documents:
  mongodb: {uri: "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=50", database: app, collection: users}
  user_id_field: id
`

// load writes files and loads tokengraft.yaml, which is one of them.
func load(t *testing.T, files map[string]string) *config.Config {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		name = filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	cfg, err := config.Load(filepath.Join(dir, "tokengraft.yaml"), os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}
