package sidecar

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/adminapi"
	"github.com/tokengraft/tokengraft/internal/history"
)

func sampling(t *testing.T, documents string) (*configurator, *bytes.Buffer) {
	t.Helper()
	c, path := configured(t, draftedFile)
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "users.json"), []byte(documents), 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	c.sidecar.o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	return c.sidecar.configuration().(*configurator), &log
}

func TestSampleDraft_ShowsFieldsAndTheirSizes(t *testing.T) {
	c, _ := sampling(t, `[{"id": "anna", "city": "Wien"}, {"id": "ben", "city": "Graz", "bio": "`+strings.Repeat("x", 100)+`", "apiKey": "k"}, {"name": "c"}]`)
	for _, user := range []string{"anna", "ben", "ben", "nobody"} {
		c.sidecar.past.logins.Add(history.Login{User: enrich.User{ID: user}})
	}
	got, err := c.SampleDraft(asWriter(t, false), adminapi.Peer{Reads: true}, adminapi.Draft{Set: set("claim.exclude", []any{"bio"})})
	if err != nil || got.Fault != "" {
		t.Fatal(err, got.Fault)
	}
	if got.Documents != 3 || got.Users != 3 || got.UsersFound != 2 {
		t.Errorf("%d documents, %d of %d users, want 3, 2 of 3", got.Documents, got.UsersFound, got.Users)
	}
	fields := map[string]adminapi.SampledField{}
	for _, f := range got.Fields {
		fields[f.Path] = f
	}
	if f := fields["id"]; got.Fields[0].Path != "id" || f.Documents != 2 || !f.Included || f.MaxBytes != len(`"id":"anna",`) {
		t.Errorf("id: %+v", f)
	}
	if f := fields["bio"]; f.Documents != 1 || f.Included || f.MedianBytes != 100+len(`"bio":"",`) {
		t.Errorf("bio: %+v", f)
	}
	if f := fields["apiKey"]; !f.Credential || f.Included {
		t.Errorf("apiKey: %+v", f)
	}
	if len(got.IDs) != 2 || got.IDs[0].Type != "string" || !got.IDs[0].Matches || got.IDs[1].Type != "none" || got.IDs[1].Matches {
		t.Errorf("ids: %+v", got.IDs)
	}
}

// Ids are of users, so only a peer with the token sees some, and the log says who did.
func TestSampleDraft_ShowsIDsOnlyWithTheToken(t *testing.T) {
	c, log := sampling(t, `[{"id": "anna-secret-id"}]`)
	for _, writes := range []bool{false, true} {
		got, err := c.SampleDraft(asWriter(t, writes), adminapi.Peer{Address: "192.0.2.9", Reads: true, Writes: writes}, adminapi.Draft{})
		if err != nil || len(got.IDs) != 1 || len(got.IDs[0].Examples) > 0 != writes {
			t.Errorf("with the token %t: %+v, %v", writes, got.IDs, err)
		}
		if strings.Contains(log.String(), "192.0.2.9") != writes || strings.Contains(log.String(), "anna") {
			t.Errorf("with the token %t, the log is %s", writes, log)
		}
	}
}

func TestSampleDraft_SaysWhyThereIsNone(t *testing.T) {
	c, _ := sampling(t, `[{"id": "anna"`)
	if got, err := c.SampleDraft(asWriter(t, false), adminapi.Peer{Reads: true}, adminapi.Draft{}); err != nil || !strings.Contains(got.Fault, "users.json") || got.Fields == nil || got.IDs == nil {
		t.Errorf("a broken file: %+v, %v", got, err)
	}
	text := strings.Replace(draftedFile, "{file: users.json, user_id_field: id}", "{mongodb: {uri: 'mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=100', database: other, collection: users}, user_id_field: id}", 1)
	if got, err := c.SampleDraft(asWriter(t, true), operator, adminapi.Draft{Text: &text}); err != nil || !strings.Contains(got.Fault, "other") {
		t.Errorf("MongoDB does not answer: %+v, %v", got, err)
	}
	if _, err := c.SampleDraft(asWriter(t, false), adminapi.Peer{Reads: true}, adminapi.Draft{Set: set("claim.include", []any{"$x"})}); problemType(err) != adminapi.FaultsType {
		t.Errorf("a draft with faults: %v", err)
	}
}

// A draft can name another collection, which only a peer with the token may look into.
func TestSampleDraft_OfAnotherCollectionNeedsTheToken(t *testing.T) {
	c, _ := configured(t, strings.Replace(draftedFile, "{file: users.json, user_id_field: id}", "{mongodb: {uri: 'mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=100', database: app, collection: users}, user_id_field: id}", 1))
	c = c.sidecar.configuration().(*configurator)
	for _, writes := range []bool{false, true} {
		_, err := c.SampleDraft(asWriter(t, writes), adminapi.Peer{Reads: true, Writes: writes}, adminapi.Draft{Set: set("documents.mongodb.collection", "secrets")})
		if (problemType(err) == adminapi.ForbiddenType) == writes {
			t.Errorf("with the token %t: %v", writes, err)
		}
	}
}
