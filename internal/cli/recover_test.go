package cli

import (
	"bytes"
	"context"
	"os"
	"os/signal"
	"path/filepath"
	"testing"

	"go.opentelemetry.io/otel/metric/noop"
)

// A reload that panics is one that failed: the running configuration stays.
func TestAReloadThatPanicsChangesNothing(t *testing.T) {
	dir := writeFiles(t, map[string]string{"users.json": "[]", "others.json": "[]", "tokengraft.yaml": `listen: 127.0.0.1:0
backend: http://127.0.0.1:1
rules: [{match: POST /login, tokens: [body]}]
verify: {secret: 0123456789abcdef0123456789abcdef}
documents: {file: users.json, user_id_field: id}
`})
	file := filepath.Join(dir, "tokengraft.yaml")
	cfg, err := loadConfig(file)
	if err != nil {
		t.Fatal(err)
	}
	s, err := open(cfg, quiet(), noop.Meter{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close(context.Background())
	r, err := newReloader(s)
	if err != nil {
		t.Fatal(err)
	}
	defer signal.Stop(r.hangups)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, bytes.Replace(text, []byte("users.json"), []byte("others.json"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	before := s.present()
	cache := s.cache
	s.cache = nil // which nobody expects
	r.reload(t.Context(), true)
	s.cache = cache
	if s.present() != before || r.state() == nil {
		t.Errorf("after a panic the configuration changed: %v, fault %v; want neither change nor silence", s.present() != before, r.state())
	}
}
