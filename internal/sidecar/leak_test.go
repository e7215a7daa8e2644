package sidecar

import (
	"context"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/adminapi"
	"github.com/tokengraft/tokengraft/internal/yamlbind"
)

// secretive has every secret, which all contain HUSH.
const secretive = `listen: 127.0.0.1:0
admin: off
backend: http://127.0.0.1:1
admin_token: HUSH-of-the-operators # not mongodb://u:HUSH@h
# admin_token: HUSH-of-before
rules:
  - {match: POST /login, tokens: [json:access_token]}
verify: {secret: HUSH-that-has-at-least-thirty-two-bytes}
documents:
  user_id_field: id
  mongodb:
    uri: "mongodb://user:HUSH@127.0.0.1:1"
    database: shop
    timeout: 20ms
    collection: users
user_creation:
  webhook:
    url: http://127.0.0.1:1/users
    secret: 'HUSH-of-the-webhook'
`

// secretFields counts the settings that are secrets.
func secretFields(section reflect.Type) (n int) {
	for _, f := range yamlbind.Fields(section) {
		_, scalar := yamlbind.ScalarOf(f.Type)
		switch {
		case f.Type == reflect.TypeFor[config.Secret]():
			n++
		case !scalar && f.Type.Kind() == reflect.Struct:
			n += secretFields(f.Type)
		}
	}
	return n
}

// noUsers is a source without documents, so that no check waits for MongoDB.
type noUsers struct{}

func (noUsers) Lookup(context.Context, enrich.Query) (enrich.Document, error) {
	return enrich.Document{}, enrich.ErrNoDocument
}

func TestConfigurator_LeaksNoSecret(t *testing.T) {
	c, path := configured(t, secretive)
	c.sidecar.o.Source = noUsers{}
	log, stop := run(t, c)
	if got, want := len(c.sidecar.current().cfg.Secrets()), secretFields(reflect.TypeFor[config.Config]()); got != want {
		t.Fatalf("the file of this test has %d secrets, but there are %d; add the new one", got, want)
	}
	answers := map[string]any{}
	answer := func(name string, value any, err error) {
		answers[name] = []any{value, err}
		if err != nil {
			t.Logf("%s: %v", name, err)
		}
	}
	shown, err := c.Config(t.Context())
	answer("config", shown, err)
	writer, text := asWriter(t, true), strings.Replace(secretive, "HUSH-of-the-operators", "HUSH-of-new-operators", 1)
	broken, unopenable := text+"claim: {name: 7}\n", text+"sign: {backend_key: missing.pem}\n"
	for name, draft := range map[string]adminapi.Draft{
		"set": {Base: shown.Revision, Set: set("shadow", true)}, "text": {Base: shown.Revision, Text: &text},
		"broken": {Base: shown.Revision, Text: &broken}, "unopenable": {Base: shown.Revision, Text: &unopenable},
	} {
		checked, err := c.CheckDraft(writer, draft)
		answer("check "+name, checked, err)
		review, err := c.ReviewDraft(writer, draft)
		answer("review "+name, review, err)
	}
	for name, draft := range map[string]*string{"broken": &broken, "unopenable": &unopenable, "text": &text} {
		deployed, err := c.Deploy(t.Context(), operator, adminapi.Draft{Base: revision(t, c), Text: draft})
		answer("deploy "+name, deployed, err)
	}
	back, err := c.RollBack(t.Context(), operator, adminapi.Rollback{})
	answer("roll back", back, err)
	shown, err = c.Config(t.Context())
	answer("config afterwards", shown, err)
	stop()
	answers["log"] = log.String()
	for name, value := range answers {
		printed, err := json.Marshal(value)
		if err != nil || strings.Contains(string(printed), "HUSH") {
			t.Errorf("%s: %s, %v", name, printed, err)
		}
	}
	if written, _ := os.ReadFile(path); string(written) != secretive {
		t.Errorf("after the roll back the file is %q", written)
	}
	if !strings.Contains(back.Diff, "[redacted, changed]") {
		t.Errorf("the diff does not show that a secret has changed:\n%s", back.Diff)
	}
}
