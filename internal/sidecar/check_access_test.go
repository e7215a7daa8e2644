package sidecar

import (
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/hooks/javascript"
)

// findings returns what check finds about a configuration in files, one finding a line.
func findings(t *testing.T, files map[string]string) string {
	t.Helper()
	var lines []string
	found := func(f Finding) {
		if f.At.Err != nil {
			f.Text = f.At.Path + ": " + f.At.Err.Error() // without the place
		}
		lines = append(lines, string(f.Severity)+" "+f.Text)
	}
	Check(t.Context(), load(t, files), Options{Functions: javascript.Engine}, found, func(string) {})
	return strings.Join(lines, "\n")
}

// appFiles returns a configuration with settings, and an app with a function f.
func appFiles(settings string, more map[string]string) map[string]string {
	files := map[string]string{
		"tokengraft.yaml":       withMongoDB + settings + "\n",
		"functions/f.js":        "exports = () => true",
		"functions/g.js":        "exports = () => true",
		"functions/config.json": `[{"name": "f"}]`,
		"values/limits.json":    `{"name": "limits", "value": {"low": 1}}`,
		"values/tenant.json":    `{"name": "tenant", "value": "acme"}`,
	}
	for name, text := range more {
		files[name] = text
	}
	return files
}

// roleWith returns a rules.json with one role that has this member.
func roleWith(member string) map[string]string {
	return map[string]string{"rules.json": `{
  "database": "app", "collection": "users",
  "roles": [{"name": "own", "insert": false, "delete": false, ` + member + `}]}`}
}

const (
	callable = "functions: {dir: functions, values: values}\naccess: {functions: true}"
	withData = "access: {roles: rules.json}"
	withBoth = "functions: {dir: functions, values: values}\naccess: {functions: true, roles: rules.json}"
	writable = "access: {mode: owner-write, writable: [name]}"
)

func TestCheckAccess_FindsFaultsAndRisks(t *testing.T) {
	config := func(text string) map[string]string { return map[string]string{"functions/config.json": text} }
	for _, tt := range []struct {
		name, settings string
		files          map[string]string
		want           string // a part of the findings; with ! before it, not a part
	}{
		{"a role that calls a function", withBoth, roleWith(`"apply_when": {"%%true": {"%function": {"name": "g"}}}`), "ok /api/client/v2.0/app/{app}/functions/call: SDKs read and write the collection app.users, where a role permits it (roles: 1)"},
		{"a role that calls an unknown function", withBoth, roleWith(`"apply_when": {"%%true": {"%function": {"name": "typo"}}}`), `rules.json:3:89: roles[0].apply_when."%%true"."%function": the function "typo" does not exist`},
		{"a role that calls a function, without functions", withData, roleWith(`"apply_when": {"%%true": {"%function": {"name": "g"}}}`), "%function is not supported here"},
		{"a role that calls an unknown function, and functions that do not compile", withBoth, map[string]string{"rules.json": roleWith(`"apply_when": {"%%true": {"%function": {"name": "typo"}}}`)["rules.json"], "functions/g.js": "exports = ("}, "!does not exist"},
		{"no rules", withData, nil, "fault access.roles: open "},
		{"rules that are not JSON", withData, map[string]string{"rules.json": "{"}, "fault access.roles: "},
		{"rules of another collection", withData, map[string]string{"rules.json": `{"database": "app", "collection": "x", "roles": []}`}, "has the rules of another collection"},
		{"rules with a member that has no effect", withData, roleWith(`"colour": true`), "warn access.roles: "},
		{"roles in shadow", withData + "\nshadow: true", roleWith(`"read": true`), "warn access.roles: has no effect while shadow is on"},

		{"a function", callable, nil, "ok users may call the functions f"},
		{"a function without an entry", callable, nil, "warn access.functions: users cannot call the functions g, because config.json in functions.dir has no entry"},
		{"a condition that calls an unknown function", callable, config(`[{"name": "f", "can_evaluate": {"%%true": {"%function": {"name": "typo"}}}}]`), `fault functions.dir: config.json:1:44: can_evaluate: "%%true"."%function": the function "typo" does not exist`},
		{"a function with such a condition", callable, config(`[{"name": "f", "can_evaluate": {"%%true": {"%function": {"name": "typo"}}}}]`), "!users may call the functions f"},
		{"an entry without a function", callable, config(`[{"name": "h"}]`), `warn functions.dir: config.json:1:2: there is no function "h" in this directory`},
		{"no callable function", callable, config(`[{"name": "f", "private": true}, {"name": "g", "private": true}]`), "warn access.functions: no function may be called"},
		{"functions in shadow", callable + "\nshadow: true", nil, "warn access.functions: has no effect while shadow is on"},

		{"owners who read", "access: {mode: owner-read}", nil, "ok /.tokengraft/custom_data: users read their own document"},
		{"owners who write", writable, nil, "ok /.tokengraft/custom_data: users read and write their own document, at most 16KiB"},
		{"owners who write a path", writable, nil, "!warn access.writable"},
		{"owners who write everything", "access: {mode: owner-write}", nil, "warn access.writable: is empty"},
		{"owners who write past their role", "access: {mode: owner-write, roles: rules.json}", roleWith(`"write": false`), "warn access.mode: the roles of access.roles do not apply to /.tokengraft/custom_data"},
		{"owners with tokens of any audience", writable, nil, "warn verify.audience: is not set"},
		{"documents that no token has room for", "access: {mode: owner-write, max_size: 64KiB}", nil, "warn access.max_size: is larger than claim.max_size"},
		{"a privileged path", "access: {mode: owner-write, allow_privileged: [roles]}", nil, "warn access.allow_privileged: users can write roles"},
		{"owners in shadow", writable + "\nshadow: true", nil, "warn access.mode: users cannot write while shadow is on"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := findings(t, appFiles(tt.settings, tt.files))
			part, absent := strings.CutPrefix(tt.want, "!")
			if strings.Contains(got, part) == absent {
				t.Errorf("check of %q with %q found\n%s\nwant %s", tt.settings, tt.files, got, tt.want)
			}
		})
	}
}

// A field that the claim leaves out is missing for every user: a rule that forbids something to some
// would forbid it to no one.
func TestCheckReads_RefusesRulesAboutWhatTheClaimLeavesOut(t *testing.T) {
	const blocked = `"read": {"%%user.custom_data.account.blocked": {"$ne": true}}`
	for _, tt := range []struct {
		name, settings string
		files          map[string]string
		want           string
	}{
		{"the whole claim", withData, roleWith(blocked), ""},
		{"an excluded field", withData + "\nclaim: {exclude: [account]}", roleWith(blocked), "fault access.roles: rules.json: reads %%user.custom_data.account.blocked, which is left out by claim.exclude (account), so it is missing for every user"},
		{"another excluded field", withData + "\nclaim: {exclude: [account.notes]}", roleWith(blocked), ""},
		{"a field that is not included", withData + "\nclaim: {include: [name]}", roleWith(blocked), "fault access.roles: rules.json: reads %%user.custom_data.account.blocked, which is not in claim.include"},
		{"an included field", withData + "\nclaim: {include: [name, account]}", roleWith(blocked), ""},
		{"a name like that of a credential", withData, roleWith(`"read": {"%%user.custom_data.login.token": {"$exists": false}}`), "fault access.roles: rules.json: reads %%user.custom_data.login.token, which is left out by claim.credentials"},
		{"such a name that is included", withData + "\nclaim: {include: [account, login.token]}", roleWith(`"read": {"%%user.custom_data.login.token": {"$exists": false}}`), ""},
		{"such a name where credentials are allowed", withData + "\nclaim: {credentials: allow}", roleWith(`"read": {"%%user.custom_data.login.token": {"$exists": false}}`), ""},
		{"all of the claim", withBoth + "\nclaim: {include: [name]}", roleWith(`"apply_when": {"%%true": {"%function": {"name": "g", "arguments": ["%%user"]}}}`), ""},
		{"a condition of forward", "restore: on\nclaim: {exclude: [plan]}\nforward: [{match: /api/, allow: {\"%%user.custom_data.plan\": pro}}]", nil, "fault forward[0].allow: reads %%user.custom_data.plan, which is left out by claim.exclude (plan)"},
		{"a condition of a function", callable + "\nclaim: {exclude: [team]}", map[string]string{"functions/config.json": `[{"name": "f", "can_evaluate": {"x": 1, "%%user.custom_data.team": {"$exists": false}}}]`}, "fault functions.dir: config.json: reads %%user.custom_data.team"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := findings(t, appFiles(tt.settings, tt.files))
			if tt.want == "" && strings.Contains(got, "is missing for every user") || !strings.Contains(got, tt.want) {
				t.Errorf("check of %q with %q found\n%s\nwant %q", tt.settings, tt.files, got, tt.want)
			}
		})
	}
}

// A value that does not exist makes a rule false without an error.
func TestCheckValues_WarnsOfValuesThatDoNotExist(t *testing.T) {
	settings := func(header, allow string) string {
		return `restore: on
functions: {dir: functions, values: values}
forward: [{match: /api/, headers: {X-Tenant: "` + header + `"}, allow: {"` + allow + `": 1}}]`
	}
	for _, tt := range []struct {
		name, settings string
		files          map[string]string
		want           string
	}{
		{"values that exist", settings("%%values.tenant", "%%values.limits.low"), nil, ""},
		{"a header", settings("%%values.typo", "%%user.id"), nil, "forward[0].headers.X-Tenant: the value %%values.typo does not exist"},
		{"a condition of forward", settings("x", "%%values.limits.typo"), nil, "forward[0].allow: the value %%values.limits.typo does not exist, so nothing equals it; correct the name, or add it to functions.values"},
		{"the environment", settings("x", "%%environment.values.typo"), nil, "forward[0].allow: the value %%environment.values.typo does not exist, so nothing equals it; correct the name, or add it to functions.environments"},
		{"the name of the environment", settings("x", "%%environment.tag"), nil, ""},
		{"a condition of a function", callable, map[string]string{"functions/config.json": `[{"name": "f", "can_evaluate": {"%%user.id": {"$in": "%%values.admins"}}}]`}, "functions.dir: config.json: the value %%values.admins does not exist"},
		{"a role", withBoth, roleWith(`"read": {"%%values.typo": true}`), "access.roles: rules.json: the value %%values.typo does not exist"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := findings(t, appFiles(tt.settings, tt.files))
			if n := strings.Count(got, "does not exist"); n != min(len(tt.want), 1) || !strings.Contains(got, tt.want) {
				t.Errorf("check of %q with %q found\n%s\nwant one warning: %q", tt.settings, tt.files, got, tt.want)
			}
		})
	}
}

func TestCheckForward_WarnsOfTokensThatAreNotRestored(t *testing.T) {
	for token, want := range map[string]bool{
		"header:Authorization": false,
		"cookie:session":       false,
		"header:X-Token":       true,
		"header:X-Restored":    false,
		"header:X-Of-Rule":     false,
	} {
		got := findings(t, map[string]string{"tokengraft.yaml": strings.Replace(withMongoDB, "tokens: [body]", `tokens: [body], restore: ["header:X-Of-Rule"]`, 1) +
			`restore: {mode: on, at: ["header:x-restored"]}
forward: [{match: /api/, token: "` + token + `", headers: {X-A: b}}]
`})
		if warned := strings.Contains(got, "warn forward[0].token: tokens at "); warned != want {
			t.Errorf("forward with %s: check found\n%s\nwant a warning: %t", token, got, want)
		}
	}
}
