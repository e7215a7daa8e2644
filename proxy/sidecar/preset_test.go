package sidecar_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/proxy/sidecar"
)

// A response that has no token because of how the backend works is not a mistake in the
// rules of its preset. A token at another place is one.
func TestPreset_KnowsThatSomeResponsesHaveNoToken(t *testing.T) {
	const other = `{"session":{"jwt":"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1In0.c2ln"}}`
	for _, tt := range []struct {
		preset, path, body string
		missing            bool
	}{
		{"supabase", "/auth/v1/signup", `{"id":"1","confirmation_sent_at":"2026-01-01T00:00:00Z"}`, false},
		{"supabase", "/auth/v1/signup", other, true},
		{"devise-jwt", "/users.json", `{"id":1,"email":"anna@example.com"}`, false},
	} {
		backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, tt.body)
		}))
		file := filepath.Join(t.TempDir(), "tokengraft.yaml")
		text := "listen: 127.0.0.1:0\nbackend: " + backend.URL + "\npreset: " + tt.preset + "\nverify: {secret: a-secret-that-the-backend-shares-with-us}\n"
		if err := os.WriteFile(file, []byte(text+"documents: {file: users.json, user_id_field: id}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, err := config.Load(file, os.LookupEnv)
		if err != nil {
			t.Fatal(err)
		}
		var log bytes.Buffer
		s, err := sidecar.New(cfg, sidecar.Options{Source: documents{}, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		if err != nil {
			t.Fatal(err)
		}
		public := httptest.NewServer(s)
		if res, err := http.Post(public.URL+tt.path, "application/json", strings.NewReader("{}")); err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("%s: got %v and %v", tt.path, res, err)
		}
		public.Close() // it waits for the request, whose last line is that of the access log
		if got := strings.Contains(log.String(), "not_found"); got != tt.missing {
			t.Errorf("preset %s: %s: not_found: %v, want %v; log:\n%s", tt.preset, tt.body, got, tt.missing, log.String())
		}
		s.Close()
		backend.Close()
	}
}
