package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tokengraft/tokengraft/config"
)

// A file that decides what users may do counts as a part of the configuration.
func TestChanges_NameTheSettingOfAFileAboutUsers(t *testing.T) {
	const settings = `listen: 127.0.0.1:8080
backend: https://127.0.0.1:9000
rules: [{match: POST /login, tokens: [body]}]
verify: {secret: 0123456789abcdef0123456789abcdef}
documents: {mongodb: {uri: "mongodb://db/", database: app, collection: users}, user_id_field: id}
functions: {dir: functions, values: values, environments: environments, environment: production}
access: {mode: owner-write, schema: schema.json, functions: true, roles: rules.json}
`
	for edited, want := range map[string]string{
		"functions/config.json":        "functions.dir",
		"functions/one/config.json":    "functions.dir",
		"functions/one/source.js":      "functions.dir",
		"values/tenant.json":           "functions.values",
		"environments/production.json": "functions.environments",
		"rules.json":                   "access.roles",
		"schema.json":                  "access.schema",
	} {
		dir := t.TempDir()
		edit := func(name, text string) {
			name = filepath.Join(dir, name)
			if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, []byte(text), 0o600)); err != nil {
				t.Fatal(err)
			}
		}
		read := func() *config.Config {
			cfg, err := config.Load(filepath.Join(dir, file), func(string) (string, bool) { return "", false })
			if err != nil {
				t.Fatal(err)
			}
			return cfg
		}
		for _, name := range []string{"functions/config.json", "functions/one/config.json", "functions/one/source.js", "values/tenant.json", "environments/production.json", "rules.json", "schema.json"} {
			edit(name, "{}")
		}
		edit(file, settings)
		before := read()
		if before.Changed() {
			t.Errorf("Changed() = true before %s was edited, want false", edited)
		}
		edit(edited, `{"other": 1}`)
		if !before.Changed() {
			t.Errorf("Changed() = false after %s was edited, want true", edited)
		}
		if got := read().ChangesSince(before); !slices.Equal(got, []string{want}) {
			t.Errorf("after %s was edited: Changes = %q, want %s", edited, got, want)
		}
	}
}
