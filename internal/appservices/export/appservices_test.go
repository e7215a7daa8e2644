package export_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/internal/appservices/export"
)

// exported returns the files of an export. Each pair is a name and a text.
func exported(pairs ...string) fstest.MapFS {
	files := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		files[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return files
}

const (
	data = "auth/custom_user_data.json"
	full = `{"enabled":true,"mongo_service_name":"mongodb-atlas","database_name":"myapp","collection_name":"users","user_id_field":"user_account_id"}`
)

// filledIn are the settings that an export does not have.
const filledIn = "\nbackend: http://auth.internal:9000\nverify: {secret: s}\n"

// load reads the configuration of an export as the sidecar does.
func load(t testing.TB, app *export.App, more string) (*config.Config, error) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "tokengraft.yaml")
	if err := os.WriteFile(name, append(app.Configuration("app"), more...), 0o600); err != nil {
		t.Fatal(err)
	}
	return config.Load(name, func(string) (string, bool) { return "", false })
}

func read(t testing.TB, files fs.FS) *export.App {
	t.Helper()
	app, err := export.Read(files)
	if err != nil {
		t.Fatal(err)
	}
	return app
}

func reported(app *export.App) string {
	var all []string
	for _, note := range app.Notes {
		all = append(all, note.String())
	}
	return strings.Join(all, "\n") + "\n"
}

// Over the years, App Services exported the same settings in five layouts.
func TestRead_AcceptsEveryLayout(t *testing.T) {
	cluster := `{"name":"mongodb-atlas","type":"mongodb-atlas","config":{"clusterName":"Cluster0","readPreference":"nearest"}}`
	old := `{"app_id":"myapp-abcde","name":"myapp","security":{"allowed_request_origins":["x"]},"custom_user_data_config":` + full + `}`
	for name, files := range map[string]fstest.MapFS{
		"since 2021":  exported("realm_config.json", `{"app_id":"myapp-abcde","location":"US-VA"}`, data, full, "data_sources/mongodb-atlas/config.json", cluster),
		"newest":      exported("root_config.json", `{"app_id":"myapp-abcde"}`, data, "\ufeff \n"+full, "data_sources/mongodb-atlas/config.json", cluster),
		"single file": exported("config.json", old, "services/mongodb-atlas/config.json", cluster),
		"Stitch":      exported("stitch.json", old, "services/mongodb-atlas/config.json", cluster),
		"both":        exported("config.json", `{"app_id":"myapp-abcde","custom_user_data_config":{"enabled":false}}`, data, full, "services/x/config.json", cluster),
	} {
		t.Run(name, func(t *testing.T) {
			app := read(t, files)
			if app.ID != "myapp-abcde" || !strings.Contains(reported(app), "readPreference") || !strings.Contains(string(app.Configuration("app")), `cluster "Cluster0"`) {
				t.Errorf("got id %q, notes\n%s, configuration\n%s; want id myapp-abcde, a note of readPreference, and Cluster0", app.ID, reported(app), app.Configuration("app"))
			}
			cfg, err := load(t, app, filledIn)
			if err != nil {
				t.Fatal(err)
			}
			d := cfg.Documents
			if d.MongoDB.Database != "myapp" || d.MongoDB.Collection != "users" || d.UserIDField != "user_account_id" || cfg.Claim.Name != "user_data" || cfg.Claim.Format != "app-services" || cfg.Shadow {
				t.Errorf("got documents %+v, claim %+v, shadow %v; want myapp.users, user_account_id, user_data in app-services, false", d, cfg.Claim, cfg.Shadow)
			}
		})
	}
}

func TestRead_ReportsEveryFaultWithFileAndLine(t *testing.T) {
	_, err := export.Read(exported(
		"realm_config.json", "{\"app_id\":\n 7}",
		data, "{\n \"enabled\": \"yes\",\n \"database_name\": []\n}",
		"data_sources/a/config.json", "{\n",
		"data_sources/b/config.json", "[]",
		"triggers/a.json", "{\"type\":\"AUTHENTICATION\",\n\"config\":{\n\"operation_type\":\"RENAME\"},\n\"function_name\":\"f\"}",
		"functions/config.json", "[\n}",
	))
	const want = `realm_config.json:2: app_id: must be text
auth/custom_user_data.json:2: enabled: must be true or false
auth/custom_user_data.json:3: database_name: must be text
data_sources/a/config.json:2: invalid JSON: unexpected end of JSON input
data_sources/b/config.json:1: must be an object
functions/config.json:2: invalid JSON: invalid character '}' looking for beginning of value
triggers/a.json:3: operation_type: "RENAME" is unknown; use LOGIN, CREATE or DELETE`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

func TestRead_FolderWithoutAnAppNamesTheMissingFiles(t *testing.T) {
	if _, err := export.Read(exported("readme.md", "")); err == nil || !strings.Contains(err.Error(), data) {
		t.Errorf("Read = %v, want an error that names %s", err, data)
	}
}

// Every layout names functions and triggers in another way; all are imported.
func TestConfiguration_HasFunctionsAndTriggers(t *testing.T) {
	app := read(t, exported(
		data, strings.Replace(full, "}", `,"on_user_creation_function_name":"onUserCreation"}`, 1),
		"realm_config.json", `{"environment":"qa"}`, "environments/qa.json", `{"values":{"url":"hunter2"}}`, "environments/no-environment.json", `{"values":{}}`,
		"functions/onUserCreation.js", "exports = function() {}", "functions/source.js", "\nconst axios = require( 'axios' ), required = require;",
		"functions/folder/inner.js", "", "functions/old/source.js", "", "functions/node_modules/x/index.js", "",
		"triggers/new.json", `{"name":"n","type":"AUTHENTICATION","config":{"operation_type":"LOGIN","providers":["anon-user"]},"event_processors":{"FUNCTION":{"config":{"function_name":"folder/inner"}}}}`,
		"triggers/old.json", `{"name":"o","type":"AUTHENTICATION","config":{"operation_type":["CREATE","DELETE"],"providers":[]},"function_name":"old"}`,
		"triggers/top.json", `{"name":"t","type":"AUTHENTICATION","config":{"operation_type":"LOGIN"},"function_name":"source"}`,
		"triggers/off.json", `{"name":"off","type":"AUTHENTICATION","disabled":true,"function_name":"gone"}`,
		"triggers/db.json", `{"name":"db","type":"DATABASE","function_name":"gone"}`,
		"triggers/bridge.json", `{"type":"AUTHENTICATION","event_processors":{"AWS_EVENTBRIDGE":{}}}`,
		"values/key.json", `{"name":"key","value":"hunter2"}`, "values/secret.json", `{"name":"s","value":"hunter2","from_secret":true}`,
		"auth/providers.json", "not read",
	))
	report, written := reported(app), string(app.Configuration("app"))
	for _, want := range []string{"triggers/off.json: the trigger is disabled", "triggers/db.json: ", "triggers/bridge.json: AWS_EVENTBRIDGE", "values/secret.json: ", "auth/providers.json: ", `functions/source.js:2:15: require("axios"): Node and npm modules are not available`} {
		if !strings.Contains(report, want) || !strings.Contains(written, "# - "+want) {
			t.Errorf("want %q in the notes, got\n%s\nand in the configuration, got\n%s", want, report, written)
		}
	}
	for _, want := range []string{
		"functions:\n  dir: \"app/functions\"\n  values: \"app/values\"\n  environment: \"qa\"\n  environments: \"app/environments\"\n", "user_creation:\n  function: \"onUserCreation\"\n",
		"  - name: \"n\"\n    operation: LOGIN\n    providers: [\"anon-user\"]\n    function: \"folder/inner\"\n    wait: false\n",
		"  - name: \"t\"\n    operation: LOGIN\n    function: \"source\"\n",
		"  - name: \"o\"\n    operation: CREATE\n    function: \"old\"\n", "  - name: \"o\"\n    operation: DELETE\n    function: \"old\"\n",
	} {
		if !strings.Contains(written, want) {
			t.Errorf("want %q in the configuration, got\n%s", want, written)
		}
	}
	checkFaults(t, app)
	if strings.Contains(report+written, "hunter2") || strings.Contains(report+written, "node_modules") {
		t.Errorf("want neither values nor npm modules, got notes\n%s\nand configuration\n%s", report, written)
	}
}

// If another cluster were listed, a function that asks for it would get this one and
// write to the wrong database.
func TestConfiguration_FunctionsReachOnlyTheClusterWithTheDocuments(t *testing.T) {
	source := func(name, cluster string) string {
		return `{"name":"` + name + `","type":"mongodb-atlas","config":{"clusterName":"` + cluster + `"}}`
	}
	app := read(t, exported(
		data, strings.Replace(full, "}", `,"on_user_creation_function_name":"f"}`, 1), "functions/f.js", "",
		"data_sources/a/config.json", source("analytics", "Cluster1"),
		"data_sources/b/config.json", source("mongodb-atlas", "Cluster0"),
		"data_sources/c/config.json", source("alias", "Cluster0"),
	))
	if written := string(app.Configuration("app")); !strings.Contains(written, `services: ["mongodb-atlas", "alias"]`) {
		t.Errorf("want the two services of Cluster0, mongodb-atlas and alias, got\n%s", written)
	}
	if want := "data_sources/a/config.json: functions can use only the cluster that has the documents"; !strings.Contains(reported(app), want) {
		t.Errorf("want the note %q, got\n%s", want, reported(app))
	}
}

// An export of the configuration alone has no functions, but it is worth importing.
func TestRead_NotesAMissingFunctionAndImportsTheRest(t *testing.T) {
	app := read(t, exported(
		data, strings.Replace(full, "}", `,"on_user_creation_function_name":"gone"}`, 1),
		"triggers/a.json", `{"name":"a","type":"AUTHENTICATION","config":{"operation_type":"LOGIN"},"function_name":"f"}`,
		"triggers/b.json", `{"name":"b","type":"AUTHENTICATION","config":{"operation_type":"LOGIN"}}`,
	))
	written := string(app.Configuration("app"))
	for _, want := range []string{
		`auth/custom_user_data.json: on_user_creation_function_name: the function "gone" is not in the directory functions`,
		`triggers/a.json: the function "f" is not in the directory functions`,
		"triggers/b.json: the trigger does not name a function",
	} {
		if !strings.Contains(written, "# - "+want) {
			t.Errorf("want the comment %q, got\n%s", want, written)
		}
	}
	checkFaults(t, app)
	for _, setting := range []string{"\nfunctions:", "\nuser_creation:", "\ntriggers:"} {
		if strings.Contains(written, setting) {
			t.Errorf("serve would not start with the setting %q, want it left out, got\n%s", setting, written)
		}
	}
}

// missing are the settings that the user has to fill in.
var missing = []string{
	"backend", "verify", "sign.keys", "documents.mongodb.database", "documents.mongodb.collection", "documents.user_id_field",
}

// checkFaults fails the test if the configuration has any fault except missing
// settings.
func checkFaults(t testing.TB, app *export.App) {
	t.Helper()
	_, err := load(t, app, "")
	faults, ok := errors.AsType[config.Faults](err)
	if !ok {
		t.Fatalf("Load = %v, want faults about missing settings", err)
	}
	for _, fault := range faults {
		if !slices.Contains(missing, fault.Path) {
			t.Errorf("fault %v, want only missing settings, in\n%s", fault, app.Configuration("app"))
		}
	}
}

// New apps were exported with custom user data disabled.
func TestConfiguration_SetsShadowIfNotEnabled(t *testing.T) {
	for _, text := range []string{`{"enabled":false}`, strings.Replace(full, "true", "false", 1)} {
		app := read(t, exported(data, text))
		if !strings.Contains(string(app.Configuration("app")), "\nshadow: true\n") {
			t.Errorf("%s: want shadow: true, got\n%s", text, app.Configuration("app"))
		}
		checkFaults(t, app)
	}
	if app := read(t, exported("config.json", `{"app_id":"x","custom_user_data_config":null}`)); !strings.Contains(string(app.Configuration("app")), "\nshadow: true\n") {
		t.Errorf("without custom user data: want shadow: true, got\n%s", app.Configuration("app"))
	}
}

func TestConfiguration_QuotesTextOfTheExport(t *testing.T) {
	for _, text := range []string{"true", "null", "1", "a: b", "# x", "é\u2028\"\\", "${HOME}", "$${x}", "a\nbackend: http://evil", " x ", "*x", "<&>"} {
		quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(text)
		app := read(t, exported("config.json", `{"app_id":"`+quoted+`"}`, data, strings.NewReplacer("myapp", quoted, "users", quoted).Replace(full)))
		cfg, err := load(t, app, filledIn)
		if err != nil {
			t.Errorf("%q: Load = %v, want no error, for\n%s", text, err, app.Configuration("app"))
			continue
		}
		if d := cfg.Documents.MongoDB; d.Database != text || d.Collection != text {
			t.Errorf("%q: database %q, collection %q, want the same text in both", text, d.Database, d.Collection)
		}
	}
}

// FuzzRead checks that Read either returns Faults or an app whose configuration has
// no faults except missing settings.
func FuzzRead(f *testing.F) {
	f.Add(full, `{"name":"n","type":"AUTHENTICATION","config":{"operation_type":"LOGIN"},"function_name":"f"}`)
	f.Add(`{"enabled":false,"x\n":1}`, `{"type":"AUTHENTICATION","disabled":true}`)
	f.Fuzz(func(t *testing.T, custom, trigger string) {
		app, err := export.Read(exported(data, custom, "triggers/t.json", trigger, "functions/f.js", ""))
		if err != nil {
			if _, ok := errors.AsType[export.Faults](err); !ok {
				t.Errorf("Read = %v, want Faults", err)
			}
			return
		}
		checkFaults(t, app)
	})
}

// All functions of an export are looked at, because an app may use any of them later.
func TestRead_NotesWhatFunctionsDoNotHave(t *testing.T) {
	app := read(t, exported(data, full,
		"functions/a.js", "exports = async () => {\n  return fetch('https://api.example.com') }", "functions/old/source.js", "exports = () => utils.crypto.scrypt('a')",
		"functions/broken.js", "exports = () => {", "functions/good.js", "exports = () => utils.crypto.hash('sha256', 'a')"))
	report := reported(app)
	for _, want := range []string{
		"functions/a.js:2:10: fetch is not there: send the request with context.http", "functions/old/source.js:1:17: utils.crypto.scrypt is not there: ",
		"functions/broken.js:1:18: it does not compile: ",
	} {
		if !strings.Contains(report, want) {
			t.Errorf("want %q in the notes, got\n%s", want, report)
		}
	}
	if strings.Contains(report, "good.js") {
		t.Errorf("want no note about good.js, got\n%s", report)
	}
}
