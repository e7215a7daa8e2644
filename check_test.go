package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What keeps serve from starting is told whatever else is away.
func TestCheckOpensTheFunctionsThoughMongoDBIsAway(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tokengraft.yaml")
	const text = `listen: 127.0.0.1:0
backend: http://127.0.0.1:1
rules: [{match: POST /login, tokens: [body]}]
verify: {secret: 0123456789abcdef0123456789abcdef, issuer: me}
documents:
  mongodb: {uri: "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=50", database: app, collection: users}
  user_id_field: id
functions: {dir: gone}
user_creation: {function: create}
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	code := run(t.Context(), []string{"check", "-c", file}, strings.NewReader(""), &out, io.Discard)
	if code != exitFault {
		t.Errorf("exit code %d, want %d", code, exitFault)
	}
	for _, want := range []string{":6:12: documents.mongodb: ", ":8:18: functions.dir: " + filepath.Join(filepath.Dir(file), "gone") + ": "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
}

// A reload tells a fault once, by its text: the order may not change by itself.
func TestFunctionsThatAreMissingAreToldInTheOrderOfTheFile(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"tokengraft.yaml": `listen: 127.0.0.1:0
backend: http://127.0.0.1:1
rules: [{match: POST /login, tokens: [body]}]
verify: {secret: 0123456789abcdef0123456789abcdef, issuer: me}
documents:
  mongodb: {uri: "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=50", database: app, collection: users}
  user_id_field: id
functions: {dir: .}
user_creation: {function: a}
triggers:
  - {name: b, operation: LOGIN, function: b}
  - {name: c, operation: LOGIN, function: c}
  - {name: d, operation: LOGIN, function: d}
`,
		"other.js": "exports = function() {}",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg, err := loadConfig(filepath.Join(dir, "tokengraft.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		_, err := openFunctions(cfg, nil, quiet())
		var paths []string
		for _, fault := range faultsIn(err) {
			paths = append(paths, fault.Path)
		}
		want := "user_creation.function triggers[0].function triggers[1].function triggers[2].function"
		if got := strings.Join(paths, " "); got != want {
			t.Fatalf("faults of %s, want %s", got, want)
		}
	}
}
