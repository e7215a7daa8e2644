package config_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/config"
)

const changing = `listen: 127.0.0.1:8080
backend: https://127.0.0.1:9000
backend_tls: {ca_file: ca.pem}
rules:
  - match: POST /login
    tokens: [json:token]
verify: {public_key: backend.pem}
sign: {keys: keys}
documents:
  mongodb: {uri_file: uri, database: app, collection: users}
  user_id_field: id
`

// loadEdited loads the configuration after an edit of its text and its files.
func loadEdited(t *testing.T, dir, old, new string, files map[string]string) *config.Config {
	t.Helper()
	files[file] = strings.ReplaceAll(changing, old, new)
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg, err := config.Load(filepath.Join(dir, file), func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func TestChanges_NameTheSettingsThatDiffer(t *testing.T) {
	for _, tt := range []struct {
		name     string
		old, new string
		files    map[string]string
		want     []string
	}{
		{name: "nothing"},
		{name: "a comment", old: "rules:", new: "# hello\nrules:"},
		{name: "a setting with its default", old: "rules:", new: "cache: {missing_for: auto}\nrules:"},
		{name: "a scalar", old: "8080", new: "8081", want: []string{"listen"}},
		{name: "two, in the order of the manual", old: "rules:", new: "cache: {max_age: 1m}\ntimeouts: {dial: 1s}\nrules:", want: []string{"timeouts.dial", "cache.max_age"}},
		{name: "a list", old: "rules:", new: "trusted_proxies: [private]\nrules:", want: []string{"trusted_proxies"}},
		{name: "in a rule", old: "json:token", new: "json:other", want: []string{"rules[0].tokens"}},
		{name: "one rule more", old: "rules:", new: "rules:\n  - {match: POST /, tokens: [body]}", want: []string{"rules"}},
		{name: "a switch", old: "rules:", new: "oidc: true\nrules:", want: []string{"oidc"}},
		{name: "a secret, by its file", files: map[string]string{"uri": "mongodb://user:hunter2@other/"}, want: []string{"documents.mongodb.uri"}},
		{name: "a line end of a secret", files: map[string]string{"uri": "mongodb://db/\n"}},
		{name: "a key file", files: map[string]string{"backend.pem": "another key"}, want: []string{"verify.public_key"}},
		{name: "the backend's authorities", files: map[string]string{"ca.pem": "another authority"}, want: []string{"backend_tls.ca_file"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			before := loadEdited(t, dir, "", "", map[string]string{"uri": "mongodb://db/", "backend.pem": "a key", "ca.pem": "an authority"})
			if before.Changed() {
				t.Error("Changed() = true before a file was edited, want false")
			}
			files := tt.files
			if files == nil {
				files = map[string]string{}
			}
			if tt.old == "" {
				tt.old, tt.new = "listen", "listen"
			}
			after := loadEdited(t, dir, tt.old, tt.new, files)
			if got := after.ChangesSince(before); !slices.Equal(got, tt.want) {
				t.Errorf("Changes = %q, want %q", got, tt.want)
			}
			if want := tt.old != tt.new || tt.files != nil; before.Changed() != want {
				t.Errorf("Changed = %v, want %v", !want, want)
			}
		})
	}
}

func TestChanged_NoticesAMissingFile(t *testing.T) {
	dir := t.TempDir()
	cfg := loadEdited(t, dir, "listen", "listen", map[string]string{"uri": "mongodb://db/", "backend.pem": "a key", "ca.pem": "an authority"})
	if err := os.Remove(filepath.Join(dir, "backend.pem")); err != nil {
		t.Fatal(err)
	}
	if !cfg.Changed() {
		t.Error("Changed() = false after backend.pem was removed, want true")
	}
}

func TestFolders_IncludeNamedFilesAndLinkTargets(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	if err := os.Symlink(filepath.Join(elsewhere, "uri"), filepath.Join(dir, "uri")); err != nil {
		t.Fatal(err)
	}
	cfg := loadEdited(t, dir, "listen", "listen", map[string]string{"uri": "mongodb://db/", "backend.pem": "a key", "ca.pem": "an authority"})
	want := []string{dir, elsewhere}
	slices.Sort(want)
	if got := cfg.Folders(); !slices.Equal(got, want) {
		t.Errorf("Folders = %q, want %q", got, want)
	}
}
