package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/config"
)

// A sidecar that runs keeps its last good configuration, so its token is of use while the
// file has faults.
func TestAdminToken_IsReadFromAFileWithFaults(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokengraft.yaml")
	env := func(name string) (string, bool) { return "from-env", name == "TOKEN" }
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "secret"), []byte("from-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"admin_token: a\nunheard_of: 1\n":    "a",
		"admin_token: ${TOKEN}\nlisten: x\n": "from-env",
		"admin_token_file: secret\n":         "from-file",
		"listen: x\n":                        "",
		"admin_token: ${NOWHERE}\n":          "admin_token: the environment variable NOWHERE is not set",
		"admin_token_file: nosuch\n":         "admin_token_file: ",
		"{a: b":                              "invalid YAML",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		token, err := config.AdminToken(path, env)
		if err == nil && token.Reveal() != want || err != nil && (!strings.Contains(err.Error(), want) || want == "" || !token.IsZero()) {
			t.Errorf("AdminToken of %q = %q, %v, want %q", text, token.Reveal(), err, want)
		}
	}
	if _, err := config.AdminToken(path+".gone", env); err == nil {
		t.Error("AdminToken of a missing file = no error")
	}
}
