package export_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/appservices/export"
)

const (
	cluster0 = `{"name":"mongodb-atlas","type":"mongodb-atlas","config":{"clusterName":"Cluster0"}}`
	rules    = `{"database":"myapp","collection":"users","filters":[],"roles":[{"name":"ThisUser","apply_when":{"user_account_id":"%%user.id"},"read":true,"write":true,"insert":false,"delete":false}]}`
)

// uncommented removes the comment signs of the part about access, as an operator does
// who wants all of it.
func uncommented(t testing.TB, app *export.App) string {
	t.Helper()
	_, part, found := strings.Cut(string(app.Configuration("app")), "\n# access:\n")
	if !found {
		t.Fatalf("want a part about access, got\n%s", app.Configuration("app"))
	}
	return "access:\n" + strings.ReplaceAll("\n"+part, "\n# ", "\n")
}

// The rules of the collection were in another place in each layout.
func TestRead_FindsTheRulesOfTheCollectionInEveryLayout(t *testing.T) {
	byPath := strings.Replace(rules, `"database":"myapp","collection":"users",`, "", 1)
	for name, row := range map[string]struct {
		want  string
		files []string
	}{
		"since 2021":      {"data_sources/mongodb-atlas/myapp/users/rules.json", []string{"data_sources/mongodb-atlas/config.json", cluster0, "data_sources/mongodb-atlas/myapp/users/rules.json", rules}},
		"named by folder": {"data_sources/mongodb-atlas/myapp/users/rules.json", []string{"data_sources/mongodb-atlas/config.json", cluster0, "data_sources/mongodb-atlas/myapp/users/rules.json", byPath}},
		"before 2021":     {"services/mongodb-atlas/rules/myapp.users.json", []string{"services/mongodb-atlas/config.json", cluster0, "services/mongodb-atlas/rules/myapp.users.json", rules}},
		"an alias":        {"data_sources/alias/myapp/users/rules.json", []string{"data_sources/alias/config.json", strings.Replace(cluster0, "mongodb-atlas", "alias", 1), "data_sources/mongodb-atlas/config.json", cluster0, "data_sources/alias/myapp/users/rules.json", rules}},
		"no data source":  {"data_sources/mongodb-atlas/myapp/users/rules.json", []string{"data_sources/mongodb-atlas/myapp/users/rules.json", rules}},
	} {
		t.Run(name, func(t *testing.T) {
			app := read(t, exported(append(row.files, data, full)...))
			if app.Rules != row.want {
				t.Errorf("got rules %q, want %q; notes:\n%s", app.Rules, row.want, reported(app))
			}
			if want := `roles: "app/` + row.want + `"`; !strings.Contains(uncommented(t, app), want) {
				t.Errorf("want %s, got\n%s", want, uncommented(t, app))
			}
			if _, err := load(t, app, filledIn+uncommented(t, app)); err != nil {
				t.Errorf("Load = %v, want no error, for\n%s", err, uncommented(t, app))
			}
		})
	}
}

// A sidecar reaches one collection. Rules of others must not open it.
func TestRead_NotesRulesOfOtherCollections(t *testing.T) {
	app := read(t, exported(data, full,
		"data_sources/mongodb-atlas/config.json", cluster0,
		"data_sources/analytics/config.json", strings.NewReplacer("mongodb-atlas", "analytics", "Cluster0", "Cluster1").Replace(cluster0),
		"data_sources/mongodb-atlas/myapp/orders/rules.json", strings.Replace(rules, `"users"`, `"orders"`, 1),
		"data_sources/analytics/myapp/users/rules.json", rules,
	))
	if app.Rules != "" || strings.Contains(string(app.Configuration("app")), "roles:") {
		t.Errorf("got the rules %q, want none", app.Rules)
	}
	for _, file := range []string{"data_sources/mongodb-atlas/myapp/orders/rules.json", "data_sources/analytics/myapp/users/rules.json"} {
		if want := file + ": these are the rules of another collection"; !strings.Contains(reported(app), want) {
			t.Errorf("want the note %q, got\n%s", want, reported(app))
		}
	}
}

func TestRead_NotesDefaultRulesAndSchemas(t *testing.T) {
	const file = "data_sources/mongodb-atlas/default_rule.json"
	for name, row := range map[string]struct {
		want  string
		files []string
	}{
		"default rules apply":         {file + ": the default rules were those of the collection", nil},
		"the collection has its own":  {file + ": default rules are for collections without rules", []string{"data_sources/mongodb-atlas/myapp/users/rules.json", rules}},
		"a schema":                    {"data_sources/mongodb-atlas/myapp/users/schema.json: the schema is not checked", []string{"data_sources/mongodb-atlas/myapp/users/schema.json", `{"bsonType":"object"}`}},
		"rules in two files, a later": {"services/mongodb-atlas/rules/a.json: the rules of the collection are also in data_sources/", []string{"data_sources/mongodb-atlas/myapp/users/rules.json", rules, "services/mongodb-atlas/rules/a.json", rules}},
	} {
		t.Run(name, func(t *testing.T) {
			app := read(t, exported(append(row.files, data, full, file, `{"roles":[{"name":"all","apply_when":{},"read":true}]}`)...))
			if !strings.Contains(reported(app), row.want) {
				t.Errorf("want the note %q, got\n%s", row.want, reported(app))
			}
		})
	}
}

func TestRead_FindsTheFunctionsThatUsersMayCall(t *testing.T) {
	app := read(t, exported(data, full,
		"realm_config.json", `{"security":{"allowed_request_origins":["https://app.example.com"]}}`,
		"functions/hello.js", "", "functions/secret.js", "", "functions/folder/inner.js", "", "functions/unnamed.js", "", "functions/other.js", "",
		"functions/config.json", `[
  {"name": "hello", "private": false, "can_evaluate": {}},
  {"name": "secret", "private": true},
  {"name": "folder/inner"},
  {"name": "gone"},
  {"name": "other", "run_as_user_id": "5f1f216e82df4a7979f9da93"}
]`))
	if want := []string{"folder/inner", "hello"}; !slices.Equal(app.Callable, want) {
		t.Errorf("got the functions %q, want %q", app.Callable, want)
	}
	for _, want := range []string{
		"functions: users cannot call functions that have no valid entry in config.json: other, unnamed",
		`functions/config.json:5:3: there is no function "gone" in this directory`,
		`functions/config.json:6:39: run_as_user_id is not supported, so users cannot call the function "other"`,
	} {
		if !strings.Contains(reported(app), want) {
			t.Errorf("want the note %q, got\n%s", want, reported(app))
		}
	}
	if written := string(app.Configuration("app")); strings.Contains(written, "\naccess:") || !strings.Contains(written, "\nfunctions:\n  dir: \"app/functions\"\n") {
		t.Errorf("want functions.dir, and access as a comment, got\n%s", written)
	}
	if cfg, err := load(t, app, filledIn+uncommented(t, app)); err != nil || !cfg.Access.Functions || !slices.Equal(cfg.Access.Origins, []string{"https://app.example.com"}) {
		t.Errorf("Load = %v, want access.functions and the origin, for\n%s", err, uncommented(t, app))
	}
}

// Before 2021 each function had a file of its own.
func TestRead_FindsPermissionsInFilesOfTheirOwn(t *testing.T) {
	app := read(t, exported(data, full,
		"functions/hello/source.js", "", "functions/hello/config.json", `{"name":"hello","private":false}`,
		"functions/secret/source.js", "", "functions/secret/config.json", `{"name":"secret","private":true}`,
	))
	if want := []string{"hello"}; !slices.Equal(app.Callable, want) {
		t.Errorf("got the functions %q, want %q; notes:\n%s", app.Callable, want, reported(app))
	}
}

// A rule that the sidecar does not know must not stop the import of all else.
func TestRead_NotesPermissionsThatCannotBeUsed(t *testing.T) {
	app := read(t, exported(data, full, "functions/f.js", "",
		"functions/config.json", `[{"name":"f","can_evaluate":{"%%user.id":{"$where":"1"}}}]`))
	const want = "functions/config.json:1:43: access.functions cannot be used before this is repaired: can_evaluate: "
	if !strings.Contains(reported(app), want) {
		t.Errorf("want the note %q, got\n%s", want, reported(app))
	}
}

func TestRead_ReportsFaultsOfRulesAndPermissions(t *testing.T) {
	_, err := export.Read(exported(data, full,
		"functions/config.json", "{", "functions/f.js", "",
		"data_sources/mongodb-atlas/myapp/users/rules.json", "{\"database\": 7}",
	))
	const want = "functions/config.json:1: invalid JSON: unexpected end of JSON input\n" + `data_sources/mongodb-atlas/myapp/users/rules.json:1: database: must be text`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

// The rules are read as the sidecar reads them, so that an operator learns at once what
// has to change before access.roles can name the file.
func TestRead_NotesWhatRulesHaveAndTheSidecarDoesNot(t *testing.T) {
	const file = "data_sources/mongodb-atlas/myapp/users/rules.json"
	app := read(t, exported(data, full, "functions/isAdmin.js", "", file, `{
  "database": "myapp", "collection": "users",
  "roles": [{
    "name": "owner", "applyWhen": {"user_account_id": {"%near": "%%user.id"}}, "insert": false, "delete": false,
    "read": {"%%true": {"%function": {"name": "isAdmin", "arguments": []}}},
    "search": true
  }]
}`))
	for _, want := range []string{
		file + ":4:56: access.roles cannot be used before this is repaired: ",
		file + ":6:15: search: users cannot search the collection",
	} {
		if !strings.Contains(reported(app), want) {
			t.Errorf("want the note %q, got\n%s", want, reported(app))
		}
	}
	if strings.Contains(reported(app), file+":5:") {
		t.Errorf("the function isAdmin exists, want no note about it, got\n%s", reported(app))
	}
}
