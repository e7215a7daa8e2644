package config_test

import (
	"bytes"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/internal/manual"
)

// For all configurations of the tests and the examples: the schema accepts those
// that Load accepts. At each path, it refuses settings that Load refuses for their
// shape, and no others.
func TestSchema_AgreesWithLoad(t *testing.T) {
	schema := compileSchema(t)
	compared := 0
	for name, a := range configurations(t) {
		t.Run(name, func(t *testing.T) {
			value, err := readAsEditor(a.section(file))
			if err != nil {
				t.Skipf("an editor cannot parse it either: %v", err)
			}
			refused := refusals(schema.Validate(value))
			faults := faultsOf(t, a)
			for _, fault := range faults {
				if !schemaFinds(fault, a) {
					continue
				}
				compared++
				_, here := refused[fault.Path]
				_, everything := refused[""]
				if !here && !everything {
					t.Errorf("Load refuses %s, but the schema does not: %v", fault.Path, fault)
				}
			}
			for path, message := range refused {
				if !atOrBelow(path, faults) && !meant(path, faults) {
					t.Errorf("the schema refuses %s, but Load does not: %s", path, message)
				}
			}
		})
	}
	if compared < 40 {
		t.Errorf("schemaFinds found %d faults, want at least 40; does it know the current messages?", compared)
	}
}

// Each value is added to a minimal configuration, or replaces a value in it.
func TestSchema_AcceptsTheValuesThatLoadAccepts(t *testing.T) {
	schema := compileSchema(t)
	minimal := open(t, "testdata/minimal.txtar").section(file)
	for _, line := range []string{
		"restore: on", "restore: off", "restore: true", "restore: On", "restore: yes", "restore: ${X:-on}", "restore: ''",
		"restore: {mode: on}", "restore: {at: ['query:accessToken', 'json:a.b']}", "restore: {mode: off, at: []}", "restore: {mod: on}", "restore: []", "restore: ",
		"shadow: false", "shadow: 'false'", "shadow: off", "shadow: no", "shadow: 0", "shadow: ", "shadow: ${X:-false}",
		"oidc: false", "oidc: 'false'", "oidc: ${X:-false}", "oidc: off", "oidc: ", "oidc: []", "oidc: /path",
		"admin: off", "admin: false", "admin: :0", "admin: '[::1]:9901'", "admin: '::1:9901'", "admin: 9901", "admin: ''", "admin: ${X:-off}",
		"admin_token: ''", "admin_token: x", "admin_token: 1", "admin_token: true", "admin_token: ", "admin_token: []",
		"admin_token_file: ''", "admin_token_file: 1", "admin_token_file: true",
		"public_url: ''", "public_url: HTTPS://a:1/", "public_url: http://a/#", "public_url: http://a/b", "public_url: http://u@a", "public_url: a", "public_url: ",
		"trusted_proxies: ", "trusted_proxies: []", "trusted_proxies: loopback", "trusted_proxies: [loopback, 10.0.0.1, 10.0.0.0/8]",
		"trusted_proxies: ['fe80::1%eth0', '::ffff:1.2.3.4', '::/0']", "trusted_proxies: [public]", "trusted_proxies: ['']", "trusted_proxies: [10]",
		"timeouts: ", "timeouts: {}", "timeouts: ''", "timeouts: ${X:-}", "timeouts: 3s", "timeouts: []", "timeouts: {dail: 3s}",
		"cache: {max_age: 0}", "cache: {max_age: 3}", "cache: {max_age: '0'}", "cache: {max_age: +1.5h.5m1.us}", "cache: {max_age: 1µs}", "cache: {max_age: -1s}", "cache: {max_age: 1d}", "cache: {max_age: 1 s}", "cache: {max_age: ''}", "cache: {max_age: }",
		"cache: {missing_for: auto}", "cache: {missing_for: Auto}", "cache: {missing_for: 0}", "cache: {missing_for: 1m30s}", "cache: {missing_for: -1s}", "cache: {missing_for: 5}", "cache: {missing_for: ''}", "cache: {missing_for: '${X:-auto}'}", "cache: {missing_for: }", "cache: {missing_for: on}",
		"limits: {body: 1024}", "limits: {body: '1024'}", "limits: {body: 1 MiB}", "limits: {body: 1kB}", "limits: {body: 1KB}", "limits: {body: 1mb}", "limits: {body: 1.5}", "limits: {body: -1}", "limits: {body: 1MiB }", "limits: {body: true}", "limits: {body: '${X:-1}MiB'}",
		"claim: {kinds: [id]}", "claim: {kinds: id}", "claim: {kinds: [ID]}", "claim: {format: app-services}", "claim: {format: appservices}", "claim: {name: 1}", "claim: {include: [1]}", "claim: {include: ['']}",
		"preset: ''", "preset: 1", "on_failure: refuse", "on_failure: Pass", "on_failure: ''",
	} {
		agree(t, schema, line, minimal+line)
	}
	for old, values := range map[string][]string{
		"[json:token]": {
			"[header:X-Token, cookie:sid, 'query:a b', body]", "['json:a\\.b.*']", "[header:X Y]", "['cookie:a=b']",
			"[body:x]", "['json:']", "[jsn:token]", "[[body]]", "[]", "", "json:token",
			"[]\n    restore: ['query:t']", "\n    restore: ['query:t']", "[]\n    restore: []", "\n    restore: query:t",
		},
		"http://127.0.0.1:9000/jwks.json": {"jwks.json", "'HTTPS://user@a/b?c#d'", "'a:b'", "ftp://a/b", "http://", "2014", "['a']"},
		"{file: users.json, user_id_field: id}": {
			"{file: a, user_id_field: id, user_id_claim: 'a.b\\.c\\d'}", "{file: a, user_id_field: id, user_id_claim: a..b}",
			"{file: a, user_id_field: id, user_id_claim: ''}", "{file: a, user_id_field: id, user_id_type: uuid}",
			"{file: a, user_id_field: id, user_id_type: UUID}", "{file: a, user_id_field: ''}", "{file: a, user_id_field: 1}", "{file: a}", "{}", "",
		},
	} {
		for _, value := range values {
			agree(t, schema, value, strings.Replace(minimal, old, value, 1))
		}
	}
}

// agree checks that the schema accepts a configuration if and only if Load does.
func agree(t *testing.T, schema *jsonschema.Schema, what, text string) {
	t.Helper()
	value, err := readAsEditor(text)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	refused := schema.Validate(value)
	faults := faultsOf(t, archive{{}, {file, text}})
	if (refused == nil) != (len(faults) == 0) {
		t.Errorf("%s: want the same result, got:\nschema: %v\nLoad: %v", what, refused, faults)
	}
}

func TestSchema_HasEverySettingOfTheManual(t *testing.T) {
	comments, err := manual.ReadComments(".")
	if err != nil {
		t.Fatal(err)
	}
	schema := compileSchema(t)
	for _, want := range manual.Settings(comments) {
		got := find(schema, want.Path)
		if got == nil {
			t.Errorf("the schema does not have %s. Run: make settings", want.Path)
			continue
		}
		if got.Description != want.Description {
			t.Errorf("%s: description %q, want %q", want.Path, got.Description, want.Description)
		}
		if hasDefault := got.Default != nil; hasDefault != (want.Default != "") {
			t.Errorf("%s: the schema has a default: %v, want %q", want.Path, hasDefault, want.Default)
		} else if hasDefault {
			if err := got.Validate(*got.Default); err != nil {
				t.Errorf("%s: the schema refuses its default: %v", want.Path, err)
			}
			if _, isBool := (*got.Default).(bool); isBool != (want.Type == "true or false") {
				t.Errorf("%s: default is %#v (%[2]T), want a boolean only for %q", want.Path, *got.Default, "true or false")
			}
		}
	}
}

func TestSchema_IsJSONForEditors(t *testing.T) {
	text := string(config.Schema())
	for _, want := range []string{
		`"$id": "https://github.com/tokengraft/tokengraft/schema.json"`,
		`"$schema": "https://json-schema.org/draft/2020-12/schema"`,
		`"title": "tokengraft configuration"`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("Schema() does not contain %s", want)
		}
	}
}

// find returns the schema of a setting by its path in the manual, or nil.
func find(s *jsonschema.Schema, path string) *jsonschema.Schema {
	for name := range strings.SplitSeq(path, ".") {
		name, isList := strings.CutSuffix(name, "[]")
		below := s.Properties[name]
		for _, alternative := range s.AnyOf {
			if below == nil {
				below = alternative.Properties[name]
			}
		}
		if isList && below != nil {
			below = below.Items2020
		}
		if below == nil {
			return nil
		}
		s = below
	}
	return s
}

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(config.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("schema.json", document); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := compiled.DraftVersion, 2020; got != want {
		t.Fatalf("JSON Schema draft = %d, want %d", got, want)
	}
	return compiled
}

// configurations returns the archives of testdata, and an archive for each
// configuration of the examples, with the environment that it needs.
func configurations(t *testing.T) map[string]archive {
	t.Helper()
	all := map[string]archive{}
	for _, pattern := range []string{"testdata/*.txtar", "../examples/*/*.txtar", "../examples/*/*.yaml"} {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(names), err)
		}
		for _, name := range names {
			a := open(t, name)
			if strings.HasPrefix(name, "testdata") {
				all[name] = a
				continue
			}
			for _, m := range a {
				if filepath.Ext(name) == ".yaml" || filepath.Ext(m.name) == ".yaml" {
					all[name+"/"+m.name] = archive{{}, {file, m.data}, {"env", exampleEnv}}
				}
			}
		}
	}
	return all
}

const exampleEnv = "PUBLIC=127.0.0.1:0\nADMIN=127.0.0.1:0\nBACKEND=127.0.0.1:1\nMONGODB_URI=mongodb://127.0.0.1:1\n"

// faultsOf returns the faults of a configuration, except those of files that it
// names.
func faultsOf(t *testing.T, a archive) (faults config.Faults) {
	t.Helper()
	_, err := load(t, a)
	all, ok := errors.AsType[config.Faults](err)
	if err != nil && !ok {
		t.Fatal(err)
	}
	for _, fault := range all {
		if _, ok := errors.AsType[*config.FileError](fault.Err); !ok {
			faults = append(faults, fault)
		}
	}
	return faults
}
