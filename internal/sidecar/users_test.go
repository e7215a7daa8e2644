package sidecar

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/adminapi"
)

// A consoleFixture is a sidecar with a file of documents, a backend that signs ES256, and
// its log.
type consoleFixture struct {
	*Sidecar
	issuer *enrichtest.Issuer
	log    strings.Builder
}

func newConsoleFixture(t *testing.T) *consoleFixture {
	t.Helper()
	f := &consoleFixture{issuer: enrichtest.NewIssuer(t, "ES256")}
	cfg := load(t, map[string]string{
		"backend.json": string(f.issuer.JWKS()),
		"users.json":   `[{"id": "anna-secret-id", "city": "Wien-secret"}]`,
		"tokengraft.yaml": `listen: 127.0.0.1:0
backend: http://127.0.0.1:1
rules: [{match: POST /login, tokens: ["json:access_token"]}]
verify: {jwks: backend.json}
sign: {keys: keys}
documents: {file: users.json, user_id_field: id}
`})
	s, err := Open(cfg, Options{Logger: slog.New(slog.NewTextHandler(&f.log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	f.Sidecar = s
	return f
}

func (f *consoleFixture) token() string {
	return f.issuer.Token(fmt.Sprintf(`{"sub":"anna-secret-id","exp":%d}`, time.Now().Add(time.Hour).Unix()))
}

// enriched returns the token as the sidecar enriches it.
func (f *consoleFixture) enriched(t *testing.T, token string) string {
	t.Helper()
	outcome := f.current().enricher.Enrich(t.Context(), enrich.Grant{
		Answered: time.Now(), Cause: enrich.CauseRefresh, Tokens: []enrich.Issued{{Raw: token, Kind: enrich.Access, Budget: 10_000}},
	})[0]
	if outcome.Reason != enrich.OK {
		t.Fatalf("the token was not enriched: %s, %v", outcome.Reason, outcome.Err)
	}
	return outcome.Raw
}

// D2: an inspection does not help to strip the claim off, and shows documents only if asked.
func TestInspect_GivesOutNoToken(t *testing.T) {
	f := newConsoleFixture(t)
	original := f.token()
	enriched := f.enriched(t, original)
	for _, test := range []struct {
		name, token, kind string
		values            bool
	}{
		{"an original", original, "original", false},
		{"an original with values", "Bearer " + original, "original", true},
		{"an enriched token", enriched, "enriched", false},
		{"an enriched token with values, over several lines", enriched[:40] + "\n" + enriched[40:], "enriched", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			i, err := users{f.Sidecar}.InspectToken(t.Context(), adminapi.Peer{Address: "a-peer", Reads: true, Writes: true}, adminapi.InspectRequest{Token: test.token, Values: test.values})
			if err != nil {
				t.Fatal(err)
			}
			if i.Kind != test.kind || !i.Verified || !i.Restorable || i.Before != len(original) || i.Expires == nil {
				t.Errorf("inspection %+v, want a verified, restorable %s token of %d bytes", i, test.kind, len(original))
			}
			text, _ := json.Marshal(i)
			_, signature, _ := strings.Cut(original[strings.Index(original, ".")+1:], ".")
			for _, secret := range []string{original, enriched, signature, enriched[strings.LastIndex(enriched, ".")+1:]} {
				if strings.Contains(string(text), secret) {
					t.Errorf("the inspection has a part of a token: %s", text)
				}
			}
			if strings.Contains(string(text), "Wien-secret") != test.values {
				t.Errorf("the inspection is %s, want values of the document in it: %t", text, test.values)
			}
			changes := map[string]string{}
			for _, claim := range i.Claims {
				changes[claim.Name] = claim.Change
			}
			if changes["sub"] != "same" || changes["custom_data"] != "added" || changes["tgr"] != "added" {
				t.Errorf("the claims change like this: %v", changes)
			}
			for _, secret := range []string{original, enriched, "anna-secret-id", "Wien-secret"} {
				if strings.Contains(f.log.String(), secret) {
					t.Errorf("the log has %s:\n%s", secret, &f.log)
				}
			}
		})
	}
}

func TestInspect_SaysWhatIsWrong(t *testing.T) {
	f := newConsoleFixture(t)
	tampered := []byte(f.enriched(t, f.token()))
	if c := &tampered[len(tampered)-10]; *c == 'A' {
		*c = 'B'
	} else {
		*c = 'A'
	}
	for _, test := range []struct{ name, token, kind, reason string }{
		{"no token", "not a token", "unreadable", "opaque"},
		{"a stranger's", enrichtest.NewIssuer(t, "ES256").Token(`{"sub":"u"}`), "original", "bad_token"},
		{"a tampered one", string(tampered), "original", "not_ours"},
	} {
		i, err := users{f.Sidecar}.InspectToken(t.Context(), adminapi.Peer{}, adminapi.InspectRequest{Token: test.token})
		if err != nil || i.Kind != test.kind || i.Verified || i.Restorable || i.Reason != test.reason {
			t.Errorf("%s: %+v, %v, want %s, %s, not verified and not restorable", test.name, i, err, test.kind, test.reason)
		}
	}
	for _, token := range []string{"", " \n", strings.Repeat("x", maxPasted+1)} {
		if _, err := (users{f.Sidecar}).InspectToken(t.Context(), adminapi.Peer{}, adminapi.InspectRequest{Token: token}); err == nil {
			t.Errorf("a token of %d bytes is accepted", len(token))
		}
	}
}

func TestKeyManager_RotatesAndPrunes(t *testing.T) {
	f := newConsoleFixture(t)
	m, peer := keyManager{f.Sidecar}, adminapi.Peer{Address: "a-peer"}
	all, err := m.Keys(t.Context())
	if err != nil || len(all.Keys) != 2 || all.Keys[0].State != "backend" || all.Keys[1].State != "active" || all.ReadOnly != "" {
		t.Fatalf("keys %+v, %v, want the backend's and an active one", all, err)
	}
	if dry, err := m.RotateKeys(t.Context(), peer, adminapi.KeyChange{DryRun: true}); err != nil || len(dry.Steps) != 1 {
		t.Errorf("a dry run: %+v, %v", dry, err)
	}
	if all, _ := m.Keys(t.Context()); len(all.Keys) != 2 {
		t.Errorf("a dry run has made a key: %+v", all.Keys)
	}
	if done, err := m.RotateKeys(t.Context(), peer, adminapi.KeyChange{}); err != nil || len(done.Steps) != 1 || !strings.Contains(done.Steps[0], "is published") {
		t.Errorf("a rotation: %+v, %v", done, err)
	}
	for _, dry := range []bool{true, false} {
		if _, err := m.RotateKeys(t.Context(), peer, adminapi.KeyChange{DryRun: dry}); err == nil || !strings.Contains(err.Error(), "next key") {
			t.Errorf("a second rotation, dry %t: %v, want it to be refused", dry, err)
		}
	}
	active := all.Keys[1].ID
	if _, err := m.PruneKeys(t.Context(), peer, adminapi.KeyChange{IDs: []string{active}}); err == nil {
		t.Error("an active key can be pruned")
	}
	if done, err := m.RotateKeys(t.Context(), peer, adminapi.KeyChange{Now: true}); err != nil || done.Warning == "" {
		t.Errorf("a rotation at once: %+v, %v", done, err)
	}
	if done, err := m.PruneKeys(t.Context(), peer, adminapi.KeyChange{IDs: []string{active}}); err != nil || done.Warning == "" || !strings.Contains(strings.Join(done.Steps, ""), active+" is deleted") {
		t.Errorf("pruning the former key: %+v, %v", done, err)
	}
	keys := filepath.Join(filepath.Dir(f.current().cfg.File()), "keys")
	if err := os.Chmod(keys, 0o500); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(keys, 0o700)
	if all, _ := m.Keys(t.Context()); all.ReadOnly == "" {
		t.Error("a directory without write permission is not read-only")
	}
	if _, err := m.RotateKeys(t.Context(), peer, adminapi.KeyChange{}); err == nil {
		t.Error("keys in a read-only directory can be rotated")
	}
	if n := strings.Count(f.log.String(), "on the admin listener"); n != 3 {
		t.Errorf("the log has %d lines about changes, want 3:\n%s", n, &f.log)
	}
}

func TestUsers_AreForgottenAndExplained(t *testing.T) {
	f := newConsoleFixture(t)
	u, peer := users{f.Sidecar}, adminapi.Peer{Address: "a-peer"}
	f.enriched(t, f.token())
	e, err := u.ExplainUser(t.Context(), peer, adminapi.UserQuery{UserID: "anna-secret-id"})
	if err != nil || !e.Found || e.As[0].Cache.State != "fresh" {
		t.Errorf("explained %+v, %v, want a document that is in the cache", e, err)
	}
	if _, err := u.ForgetUser(t.Context(), peer, adminapi.UserQuery{UserID: "anna-secret-id"}); err != nil {
		t.Error(err)
	}
	if e, _ := u.ExplainUser(t.Context(), peer, adminapi.UserQuery{UserID: "anna-secret-id"}); e.As[0].Cache.State == "fresh" {
		t.Error("a user who was forgotten is still in the cache")
	}
	for _, err := range []error{errOf(u.ExplainUser(t.Context(), peer, adminapi.UserQuery{})), errOf(u.ForgetUser(t.Context(), peer, adminapi.UserQuery{}))} {
		if err == nil {
			t.Error("an empty id is accepted")
		}
	}
	if strings.Contains(f.log.String(), "anna-secret-id") {
		t.Errorf("the log has the id of a user:\n%s", &f.log)
	}
}

func errOf[T any](_ T, err error) error { return err }
