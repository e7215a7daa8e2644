package config_test

import (
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/internal/yamlbind"
)

// In any file, a secret is hidden or the text is refused, and what is shown becomes a file
// with the same settings again.
func FuzzRedact(f *testing.F) {
	f.Add("admin_token: a-secret # uri: x\nverify: {secret: 'b', x: [secret: c]}\n")
	f.Add("x: &a {secret: s}\ny: *a\n# admin_token: |\n#   t\n")
	f.Add("a: |\n  secret: x\nuri: \"m://u:p@h\"\n")
	f.Fuzz(func(t *testing.T, source string) {
		shown, err := config.Redact([]byte(source))
		if err != nil {
			return
		}
		if again, err := config.Redact(shown); err != nil || string(again) != string(shown) {
			t.Fatalf("%q is shown as %q, and that as %q, %v", source, shown, again, err)
		}
		for _, secret := range secretsIn("", yamlbind.NewReport().Parse(shown)) {
			if !strings.HasPrefix(secret, "${") && secret != "[redacted]" {
				t.Fatalf("%q is shown as %q", source, shown)
			}
		}
		restored, err := config.Unredact("f", shown, []byte(source))
		if err != nil {
			return // it had the mark itself
		}
		before, after := yamlbind.NewReport().Parse([]byte(source)), yamlbind.NewReport().Parse(restored)
		if got, want := secretsIn("", after), secretsIn("", before); strings.Join(got, "\x00") != strings.Join(want, "\x00") {
			t.Fatalf("%q became %q by way of %q", source, restored, shown)
		}
	})
}

// secretsIn returns the texts of the secrets below a node.
func secretsIn(key string, n *yamlbind.Node) (texts []string) {
	if (key == "secret" || key == "admin_token" || key == "uri") && n.Text != "" {
		texts = append(texts, n.Text)
	}
	for _, item := range n.Items {
		texts = append(texts, secretsIn("", item)...)
	}
	for _, p := range n.Pairs {
		texts = append(texts, secretsIn(p.Key, p.Value)...)
	}
	return texts
}
