package sidecar

import (
	"bytes"
	"context"
	"os"
	"testing"

	"github.com/tokengraft/tokengraft/config"
)

// A reload that panics is a failed reload: the running configuration stays in use.
func TestReload_PanicChangesNothing(t *testing.T) {
	cfg := load(t, map[string]string{"users.json": "[]", "others.json": "[]", "tokengraft.yaml": `listen: 127.0.0.1:0
backend: http://127.0.0.1:1
rules: [{match: POST /login, tokens: [body]}]
verify: {secret: 0123456789abcdef0123456789abcdef}
documents: {file: users.json, user_id_field: id}
`})
	file := cfg.File()
	s, err := Open(cfg, Options{Load: func() (*config.Config, error) { return config.Load(file, os.LookupEnv) }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(context.Background())
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, bytes.Replace(text, []byte("users.json"), []byte("others.json"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	before, cache := s.current(), s.cache
	s.cache = nil // causes a panic
	s.reloader.reload(t.Context(), true)
	s.cache = cache
	if s.current() != before || s.reloader.state() == nil {
		t.Errorf("after a panic: configuration changed: %v, fault: %v; want no change and a fault", s.current() != before, s.reloader.state())
	}
}
