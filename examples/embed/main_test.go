package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/demo/backend"
)

func TestEmbed_PutsTheDocumentIntoTheToken(t *testing.T) {
	legacy, err := backend.New("https://legacy.example.com")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(legacy)
	defer server.Close()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"users.json": fmt.Sprintf(`[{"id": %q, "lang": "en"}]`, backend.Users["anna"]),
		"tokengraft.yaml": fmt.Sprintf(`listen: 127.0.0.1:0
backend: %s
rules: [{match: POST /login, tokens: ["json:access_token", "json:id_token"]}]
verify: {jwks: %[1]s/jwks.json}
sign: {keys: keys}
documents: {file: users.json, user_id_field: id}
`, server.URL),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := newSidecar(filepath.Join(dir, "tokengraft.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	public := httptest.NewServer(s)
	defer public.Close()

	response, err := http.Post(public.URL+"/login", "application/json", strings.NewReader(`{"username":"anna","password":"secret"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var tokens struct {
		Access string `json:"access_token"`
	}
	if err := json.NewDecoder(response.Body).Decode(&tokens); err != nil {
		t.Fatal(err)
	}
	_, payload, _ := strings.Cut(tokens.Access, ".")
	payload, _, _ = strings.Cut(payload, ".")
	claims, err := base64.RawURLEncoding.DecodeString(payload)
	if want := `"custom_data":{"id":"` + backend.Users["anna"] + `","lang":"en"}`; err != nil || !strings.Contains(string(claims), want) {
		t.Errorf("got claims %s (error %v), want %s in them", claims, err, want)
	}
}
