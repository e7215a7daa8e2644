package permissions_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tokengraft/tokengraft/internal/appservices/expression"
	"github.com/tokengraft/tokengraft/internal/appservices/permissions"
)

// read reads the permissions in files, for the functions f, g and old/h.
func read(files map[string]string) (*permissions.Permissions, error) {
	dir := fstest.MapFS{}
	for name, text := range files {
		dir[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return permissions.Read(dir, func(name string) bool { return slices.Contains([]string{"f", "g", "old/h"}, name) })
}

func TestRead_ReadsBothLayouts(t *testing.T) {
	got, err := read(map[string]string{
		"config.json":                  "\ufeff" + `[{"name":"f","private":true,"disable_arg_logs":true},{"name":"g","can_evaluate":{},"run_as_system":true}]`,
		"old/h/config.json":            `{"id":"5f","name":"old/h","private":false,"can_evaluate":{"%%user.custom_data.team":"red"}}`,
		"node_modules/pad/config.json": `{`,
	})
	if err != nil || len(got.Notes) > 0 {
		t.Fatalf("got %v and the notes %q, want neither", err, got.Notes)
	}
	if names := slices.Sorted(maps.Keys(got.Functions)); !slices.Equal(names, []string{"f", "g", "old/h"}) {
		t.Errorf("got permissions for %q, want f, g and old/h", names)
	}
	f, g, h := got.Functions["f"], got.Functions["g"], got.Functions["old/h"]
	if !f.Private || f.System || g.Private || !g.System || f.CanEvaluate != nil || h.CanEvaluate == nil {
		t.Errorf("got %+v, %+v and %+v; want f private, g as system, and old/h with an expression", f, g, h)
	}
	if ok, err := g.CanEvaluate.Eval(context.Background(), &expression.Env{}); !ok || err != nil {
		t.Errorf("an empty expression is %t, %v; want true", ok, err)
	}
}

func TestRead_WithoutFilesPermitsNothing(t *testing.T) {
	if got, err := read(nil); err != nil || len(got.Functions) > 0 {
		t.Errorf("got %v, %v; want no permissions", got.Functions, err)
	}
}

func TestRead_ReportsFaultsWithTheirPlace(t *testing.T) {
	for text, want := range map[string]string{
		"[\n{]":                         "config.json:2:2: invalid JSON: ",
		`{}`:                            "config.json:1:1: must be a list of functions",
		"[\n  1\n]":                     "config.json:2:3: must be an object",
		`[{}]`:                          "config.json:1:2: the name is missing",
		`[{"name":1,"private":0}]`:      "config.json:1:10: name: must be a text",
		`[{"name":"f","private":"no"}]`: "config.json:1:24: private: must be true or false",
		`[{"name":"f"},{"name":"f"}]`:   `config.json:1:15: there is already an entry for the function "f"; remove one of them`,
		`[{"name":"f","private":true,"private":false}]`:                                         "config.json:1:39: private: is there twice; remove one of them",
		"[{\"name\":\"f\",\n\"can_evaluate\":{\n\"a\":{\"$where\":1}}}]":                        "config.json:3:",
		`[{"name":"f","can_evaluate":{"%%root.a":1}}]`:                                          "config.json:1:",
		`[{"name":"f","can_evaluate":{"%%true":{"%function":{"name":"none","arguments":[]}}}}]`: "config.json:1:",
	} {
		if _, err := read(map[string]string{"config.json": text}); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: got the error %v, want %s", text, err, want)
		}
	}
}

// An entry that cannot be followed permits nothing, and a note says so.
func TestRead_NotesWhatHasNoEffect(t *testing.T) {
	for text, want := range map[string]struct {
		note     string
		callable bool
	}{
		`[{"name":"f","color":"red"}]`:                                      {"config.json:1:22: color has no effect", true},
		`[{"name":"f","run_as_user_id":"u"}]`:                               {"config.json:1:31: run_as_user_id is not supported", false},
		`[{"name":"f","run_as_user_id_script_source":"exports = () => 1"}]`: {"config.json:1:45: run_as_user_id_script_source is not supported", false},
		`[{"name":"f","run_as_user_id":"","run_as_system":false}]`:          {"", true},
		`[{"name":"f","run_as_user_id":"u","run_as_system":true}]`:          {"", true},
		`[{"name":"gone"}]`: {`config.json:1:2: there is no function "gone" in this directory`, false},
	} {
		got, err := read(map[string]string{"config.json": text})
		if err != nil {
			t.Errorf("%s: got the error %v, want none", text, err)
			continue
		}
		notes := strings.Join(got.Notes, "\n")
		if _, callable := got.Functions["f"]; callable != want.callable || !strings.HasPrefix(notes, want.note) || want.note == "" && notes != "" {
			t.Errorf("%s: callable: %t, notes %q; want %t and %q", text, callable, notes, want.callable, want.note)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(`[{"name":"f","can_evaluate":{"%%user.id":{"$in":["a"]}}}]`)
	f.Fuzz(func(t *testing.T, text string) {
		for _, file := range []string{"config.json", "f/config.json"} {
			got, _ := read(map[string]string{file: text})
			for _, note := range got.Notes {
				if !strings.HasPrefix(note, file+":") {
					t.Errorf("%q: got the note %q, which does not name its place in %s", text, note, file)
				}
			}
		}
	})
}
