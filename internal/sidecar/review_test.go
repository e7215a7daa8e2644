package sidecar

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/adminapi"
)

func TestReviewDraft_ShowsWhatChanges(t *testing.T) {
	c, path := configured(t, draftedFile)
	got, err := c.ReviewDraft(asWriter(t, false), adminapi.Draft{Set: append(set("claim.allow_privileged_name", true), set("claim.name", "roles")...)})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Faults) > 0 || len(got.Changed) != 2 || !strings.Contains(got.Diff, "+  name: roles\n") || !strings.Contains(got.Text, "name: roles") || got.Base == "" {
		t.Errorf("got %+v", got)
	}
	for _, finding := range got.Warnings {
		if finding.Path == "verify" || finding.Path == "backend" {
			t.Errorf("the running file has this warning too: %+v", finding)
		}
	}
	if strings.Contains(got.Text+got.Diff, "operators") {
		t.Errorf("a secret is shown: %+v", got)
	}
	if written, _ := os.ReadFile(path); string(written) != draftedFile {
		t.Errorf("the file is now %q", written)
	}
}

func TestReviewDraft_SaysNewFaultsAndRestarts(t *testing.T) {
	c, path := configured(t, draftedFile)
	text := strings.Replace(draftedFile, "users.json", "missing.json", 1)
	text = strings.Replace(text, "listen: 127.0.0.1:0", "listen: 127.0.0.1:2", 1) + "sign: {keys: new-keys, algorithm: ES256}\n"
	got, err := c.ReviewDraft(asWriter(t, true), adminapi.Draft{Text: &text})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Faults) != 1 || got.Faults[0].Path != "documents.file" || len(got.NeedRestart) != 1 || got.NeedRestart[0] != "listen" {
		t.Errorf("got %+v", got)
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(path), "new-keys")); err == nil {
		t.Error("the review has made keys")
	}
}

func TestReviewDraft_AsksNoServerForPeersWithoutTheToken(t *testing.T) {
	c, _ := configured(t, draftedFile)
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	defer server.Close()
	text := strings.Replace(draftedFile, "http://127.0.0.1:1", server.URL, 1)
	if _, err := c.ReviewDraft(asWriter(t, false), adminapi.Draft{Text: &text}); problemType(err) != adminapi.ForbiddenType || asked > 0 {
		t.Errorf("got %v, and the server was asked %d times", err, asked)
	}
	if _, err := c.ReviewDraft(asWriter(t, true), adminapi.Draft{Text: &text}); err != nil || asked == 0 {
		t.Errorf("with the token: %v, and the server was asked %d times", err, asked)
	}
}

func TestReviewDraft_RefusesATextOfAnotherRevision(t *testing.T) {
	c, _ := configured(t, draftedFile)
	text := draftedFile + "shadow: true\n"
	if _, err := c.ReviewDraft(asWriter(t, true), adminapi.Draft{Base: "0123456789abcdef", Text: &text}); problemType(err) != adminapi.ConflictType {
		t.Errorf("got %v", err)
	}
	if _, err := c.ReviewDraft(asWriter(t, true), adminapi.Draft{Base: "0123456789abcdef", Set: set("shadow", true)}); err != nil {
		t.Errorf("changes of settings: %v", err)
	}
}

func TestReviewDraft_OneAtATime(t *testing.T) {
	c, _ := configured(t, draftedFile)
	c.reviewing <- struct{}{}
	if _, err := c.ReviewDraft(asWriter(t, true), adminapi.Draft{}); problemType(err) != adminapi.UnavailableType {
		t.Errorf("got %v", err)
	}
}
