package sidecar

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/internal/adminapi"
)

// configured returns the configurator of a sidecar with this file in a new directory,
// which also has users.json and the key directory keys.
func configured(t *testing.T, text string) (c *configurator, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "tokengraft.yaml")
	if err := os.WriteFile(path, []byte(text), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "users.json"), []byte(`[{"id": "anna"}]`), 0o600); err != nil {
		t.Fatal(err)
	}
	env := func(name string) (string, bool) { return "from-env-" + name, name == "SECRET" }
	load := func() (*config.Config, error) { return config.Load(path, env) }
	cfg, err := load()
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(cfg, Options{Load: load, Parse: func(text []byte) (*config.Config, error) { return config.ParseAs(path, text, env) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close(t.Context()) })
	return s.configurator(), path
}

const draftedFile = `# The sidecar of the shop.
listen: 127.0.0.1:0
admin: off
backend: http://127.0.0.1:1 # the shop
admin_token: token-of-the-operators
rules:
  - {match: POST /login, tokens: [json:access_token]}
verify:
  secret: a-secret-of-at-least-thirty-two-bytes
documents: {file: users.json, user_id_field: id}
`

func asWriter(t *testing.T, writes bool) context.Context {
	return adminapi.WithPeer(t.Context(), adminapi.Peer{Address: "192.0.2.1", Reads: true, Writes: writes})
}

func TestCheckDraft_SaysFaultsWithPlaces(t *testing.T) {
	c, path := configured(t, draftedFile)
	text := "listen: 127.0.0.1:0\nbackend: 7\n"
	checked, err := c.CheckDraft(asWriter(t, true), adminapi.Draft{Text: &text})
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range checked.Faults {
		if fault.Path == "backend" && fault.Line == 2 && fault.Column == 10 && fault.File == path {
			return
		}
	}
	t.Errorf("faults: %+v, want one of backend at 2:10", checked.Faults)
}

func TestCheckDraft_RefusesATextOfPeersWithoutTheToken(t *testing.T) {
	c, _ := configured(t, draftedFile)
	text := draftedFile
	if _, err := c.CheckDraft(asWriter(t, false), adminapi.Draft{Text: &text}); problemType(err) != adminapi.ForbiddenType {
		t.Errorf("got %v, want a problem of the type forbidden", err)
	}
	checked, err := c.CheckDraft(asWriter(t, false), adminapi.Draft{})
	if err != nil || len(checked.Faults) > 0 || checked.Settings == nil || checked.Settings.File != "users.json" {
		t.Errorf("the file itself: %+v, %v", checked, err)
	}
}

func TestCheckDraft_SetsOnlySettingsOfCustomUserData(t *testing.T) {
	c, _ := configured(t, draftedFile)
	for path, test := range map[string]struct {
		value any
		want  string
	}{
		"claim.name":          {"data", ""},
		"claim.include":       {[]any{"a", "b.c"}, ""},
		"claim.enabled":       {false, ""},
		"shadow":              {true, ""},
		"cache.max_age":       {"5m", ""},
		"documents.file":      {"/etc/passwd", adminapi.ForbiddenType},
		"backend":             {"http://169.254.169.254", adminapi.InvalidType},
		"verify.jwks":         {"http://169.254.169.254", adminapi.InvalidType},
		"admin_token":         {"x", adminapi.InvalidType},
		"admin_token_file":    {"/etc/passwd", adminapi.InvalidType},
		"documents":           {"x", adminapi.InvalidType},
		"documents.mongodb":   {"x", adminapi.InvalidType},
		"claim.name\nbackend": {"x", adminapi.InvalidType},
	} {
		checked, err := c.CheckDraft(asWriter(t, false), adminapi.Draft{Set: []adminapi.Setting{{Path: path, Value: test.value}}})
		if problemType(err) != test.want || err != nil && test.want == "" {
			t.Errorf("%s: %v, want a problem of the type %q", path, err, test.want)
		}
		if test.want == "" && (len(checked.Faults) > 0 || !slices.Equal(checked.Changed, []string{path})) {
			t.Errorf("%s: %+v, want only this setting changed", path, checked)
		}
	}
}

func problemType(err error) string {
	if p, ok := errors.AsType[*adminapi.Problem](err); ok {
		return p.Type
	}
	return ""
}
