package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/config"
)

const minimal = `listen: 127.0.0.1:0
backend: http://127.0.0.1:1
rules: [{match: POST /login, tokens: [body]}]
verify: {secret_file: secret}
documents: {file: users.json, user_id_field: id}
`

func TestParse_ReadsATextAsIfItWereAFileInTheWorkingDirectory(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("secret", []byte("first\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Parse([]byte(minimal), os.LookupEnv)
	if err != nil || c.Verify.Secret.Reveal() != "first" || c.File() != config.Stdin {
		t.Fatalf("Parse = %v, with the file %q; want the secret first, and %s", err, c.File(), config.Stdin)
	}
	if c.Changed() {
		t.Error("Changed reports a change, want none: there is no file of the configuration")
	}
	if err := os.WriteFile("secret", []byte("second\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if !c.Changed() {
		t.Error("Changed reports no change of the file with the secret, want one")
	}
	if fault := c.Fault("verify", os.ErrClosed).Error(); !strings.HasPrefix(fault, "<stdin>:4:9: verify: ") {
		t.Errorf("Fault = %q, want <stdin>:4:9", fault)
	}
	_, err = config.Parse([]byte("listen: 1\n"), os.LookupEnv)
	if err == nil || !strings.HasPrefix(err.Error(), "<stdin>:1:1: ") {
		t.Errorf("Parse of a wrong text = %v, want a fault at <stdin>", err)
	}
}

func TestSignSettings_IgnoresFaultsElsewhere(t *testing.T) {
	for text, want := range map[string]string{
		"sign: {keys: k, retire_after: 48h}\nverify: {secret: '${NOWHERE}'}": "",
		"listen: 1":                           "",
		"sign: {keys: k, retire_after: soon}": ":1:31: sign.retire_after: ",
		"sign: {kyes: k}":                     ":1:8: sign.kyes: ",
		"sign: [":                             "invalid YAML",
	} {
		path := filepath.Join(t.TempDir(), "tokengraft.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		sign, err := config.SignSettings(path, func(string) (string, bool) { return "", false })
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("SignSettings of %q: %v, want %q", text, err, want)
		}
		if strings.HasPrefix(text, "sign: {keys: k, retire_after: 48h}") && (string(sign.Keys) != filepath.Join(filepath.Dir(path), "k") || sign.RetireAfter.Hours() != 48) {
			t.Errorf("SignSettings of %q = %+v, want the directory k and 48h", text, sign)
		}
	}
}
