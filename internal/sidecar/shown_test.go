package sidecar

import (
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/adminapi"
)

func TestConfig_ShowsTheFileWithoutSecrets(t *testing.T) {
	c, path := configured(t, draftedFile)
	got, err := c.Config(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := strings.NewReplacer("token-of-the-operators", `"[redacted]"`, "a-secret-of-at-least-thirty-two-bytes", `"[redacted]"`).Replace(draftedFile)
	if got.Text != want || got.File != path || len(got.Revision) != 16 {
		t.Errorf("got %+v, want the text %q", got, want)
	}
	draft := strings.Replace(got.Text, "# the shop", "# the new shop", 1)
	checked, err := c.CheckDraft(asWriter(t, true), adminapi.Draft{Text: &draft})
	if err != nil || len(checked.Faults) > 0 || len(checked.Changed) > 0 {
		t.Errorf("the text with another comment: %+v, %v; want no changed setting", checked, err)
	}
}

func TestConfig_HidesATextThatRepeatsASecret(t *testing.T) {
	c, _ := configured(t, draftedFile+"# the operators know token-of-the-operators\n")
	got, err := c.Config(t.Context())
	if err != nil || strings.Contains(got.Text, "token-of-the-operators") || !strings.Contains(got.Text, "admin_token is also in another part") {
		t.Errorf("got %q, %v", got.Text, err)
	}
}

func TestDiff_ShowsThatASecretHasChanged(t *testing.T) {
	c, path := configured(t, draftedFile)
	after := strings.Replace(draftedFile, "token-of-the-operators", "another-token", 1)
	got := c.diff(path, []byte(draftedFile), []byte(after))
	if !strings.Contains(got, "-admin_token: \"[redacted]\"\n+admin_token: \"[redacted, changed]\"\n") || strings.Contains(got, "operators") || strings.Contains(got, "another") {
		t.Errorf("got\n%s", got)
	}
}
