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
