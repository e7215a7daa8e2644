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

// export makes the files of an export; of each pair the first is the name.
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

// filledIn is what an export cannot say.
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

// The same settings, as App Services exported them over the years.
func TestRead_EveryLayout(t *testing.T) {
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
				t.Errorf("id %q, notes\n%s, configuration\n%s", app.ID, reported(app), app.Configuration("app"))
			}
			cfg, err := load(t, app, filledIn)
			if err != nil {
				t.Fatal(err)
			}
			d := cfg.Documents
			if d.MongoDB.Database != "myapp" || d.MongoDB.Collection != "users" || d.UserIDField != "user_account_id" || cfg.Claim.Name != "user_data" || cfg.Claim.Format != "app-services" || cfg.Shadow {
				t.Errorf("documents %+v, claim %+v, shadow %v", d, cfg.Claim, cfg.Shadow)
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
	const want = `realm_config.json:2: app_id: want text
auth/custom_user_data.json:2: enabled: want true or false
auth/custom_user_data.json:3: database_name: want text
data_sources/a/config.json:2: no JSON: unexpected end of JSON input
data_sources/b/config.json:1: data_sources/b/config.json: want an object
functions/config.json:2: no JSON: invalid character '}' looking for beginning of value
triggers/a.json:3: operation_type: "RENAME" is unknown, want LOGIN, CREATE or DELETE`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

func TestRead_FolderWithoutAnApp(t *testing.T) {
	if _, err := export.Read(exported("readme.md", "")); err == nil || !strings.Contains(err.Error(), data) {
		t.Errorf("Read = %v, want what is looked for", err)
	}
}

// A hook is carried over whichever way the export names it.
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
	for _, want := range []string{"triggers/off.json: is disabled", "triggers/db.json: ", "triggers/bridge.json: AWS_EVENTBRIDGE", "values/secret.json: ", "auth/providers.json: ", `functions/source.js:2: require("axios"): there are no modules`} {
		if !strings.Contains(report, want) || !strings.Contains(written, "# - "+want) {
			t.Errorf("%q is not in the report\n%s\nor not in the configuration\n%s", want, report, written)
		}
	}
	for _, want := range []string{
		"functions:\n  dir: \"app/functions\"\n  values: \"app/values\"\n  environment: \"qa\"\n  environments: \"app/environments\"\n", "user_creation:\n  function: \"onUserCreation\"\n",
		"  - name: \"n\"\n    operation: LOGIN\n    providers: [\"anon-user\"]\n    function: \"folder/inner\"\n    wait: false\n",
		"  - name: \"t\"\n    operation: LOGIN\n    function: \"source\"\n",
		"  - name: \"o\"\n    operation: CREATE\n    function: \"old\"\n", "  - name: \"o\"\n    operation: DELETE\n    function: \"old\"\n",
	} {
		if !strings.Contains(written, want) {
			t.Errorf("%q is not in\n%s", want, written)
		}
	}
	checkFaults(t, app)
	if strings.Contains(report+written, "hunter2") || strings.Contains(report+written, "node_modules") {
		t.Errorf("more than names:\n%s\n%s", report, written)
	}
}

// A function that asked for another cluster by its name would get this one, and
// write where it should not.
func TestConfiguration_FunctionsReachTheClusterOfTheDocumentsOnly(t *testing.T) {
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
		t.Errorf("not the services of one cluster:\n%s", written)
	}
	if want := "data_sources/a/config.json: functions reach the cluster of the documents only"; !strings.Contains(reported(app), want) {
		t.Errorf("%q is not in\n%s", want, reported(app))
	}
}

// An export of the configuration alone has no functions, and is worth importing.
func TestRead_MissingFunctionIsNotedAndTheRestImported(t *testing.T) {
	app := read(t, exported(
		data, strings.Replace(full, "}", `,"on_user_creation_function_name":"gone"}`, 1),
		"triggers/a.json", `{"name":"a","type":"AUTHENTICATION","config":{"operation_type":"LOGIN"},"function_name":"f"}`,
		"triggers/b.json", `{"name":"b","type":"AUTHENTICATION","config":{"operation_type":"LOGIN"}}`,
	))
	written := string(app.Configuration("app"))
	for _, want := range []string{
		`auth/custom_user_data.json: on_user_creation_function_name: calls the function "gone", which is not in functions`,
		`triggers/a.json: calls the function "f", which is not in functions`,
		"triggers/b.json: names no function",
	} {
		if !strings.Contains(written, "# - "+want) {
			t.Errorf("%q is not in\n%s", want, written)
		}
	}
	checkFaults(t, app)
	for _, setting := range []string{"\nfunctions:", "\nuser_creation:", "\ntriggers:"} {
		if strings.Contains(written, setting) {
			t.Errorf("%q, which serve would not start with, in\n%s", setting, written)
		}
	}
}

// missing are the settings that only the migrant knows.
var missing = []string{
	"backend", "verify", "sign.keys", "documents.mongodb.database", "documents.mongodb.collection", "documents.user_id_field",
}

// checkFaults reports a fault of another kind than something missing.
func checkFaults(t testing.TB, app *export.App) {
	t.Helper()
	_, err := load(t, app, "")
	faults, ok := errors.AsType[config.Faults](err)
	if !ok {
		t.Fatalf("Load = %v, want what is missing", err)
	}
	for _, fault := range faults {
		if !slices.Contains(missing, fault.Path) {
			t.Errorf("%v\nin\n%s", fault, app.Configuration("app"))
		}
	}
}

// New apps were exported so.
func TestConfiguration_NotEnabledIsShadow(t *testing.T) {
	for _, text := range []string{`{"enabled":false}`, strings.Replace(full, "true", "false", 1)} {
		app := read(t, exported(data, text))
		if !strings.Contains(string(app.Configuration("app")), "\nshadow: true\n") {
			t.Errorf("%s is not off:\n%s", text, app.Configuration("app"))
		}
		checkFaults(t, app)
	}
	if app := read(t, exported("config.json", `{"app_id":"x","custom_user_data_config":null}`)); !strings.Contains(string(app.Configuration("app")), "\nshadow: true\n") {
		t.Errorf("no custom user data is not off:\n%s", app.Configuration("app"))
	}
}

func TestConfiguration_QuotesTextOfTheExport(t *testing.T) {
	for _, text := range []string{"true", "null", "1", "a: b", "# x", "é\u2028\"\\", "${HOME}", "$${x}", "a\nbackend: http://evil", " x ", "*x", "<&>"} {
		quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(text)
		app := read(t, exported("config.json", `{"app_id":"`+quoted+`"}`, data, strings.NewReplacer("myapp", quoted, "users", quoted).Replace(full)))
		cfg, err := load(t, app, filledIn)
		if err != nil {
			t.Errorf("%q: %v\n%s", text, err, app.Configuration("app"))
			continue
		}
		if d := cfg.Documents.MongoDB; d.Database != text || d.Collection != text {
			t.Errorf("%q became %q and %q", text, d.Database, d.Collection)
		}
	}
}

// FuzzRead holds the law: an export is told what is wrong with it, or makes a
// configuration in which something may be missing, but nothing wrong.
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
