package sidecar

import (
	"log/slog"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/hooks/javascript"
)

// A call keeps its process while a rule is evaluated, so a rule that calls a function needs
// another one. Files in node_modules decide nothing.
func TestCalls_HaveAProcessForRules(t *testing.T) {
	calling := func(operator string) string { return `{"%%true": {"` + operator + `": {"name": "g"}}}` }
	entry := func(condition string) string { return `[{"name": "f", "can_evaluate": ` + condition + `}]` }
	for _, tt := range []struct {
		name, settings, config string
		rules                  map[string]string
		want                   int
	}{
		{"no rule", callable, entry(`{"%%user.id": "a"}`), nil, 1},
		{"a condition", callable, entry(calling("%function")), nil, 2},
		{"a condition with a dollar sign", callable, entry(calling("$function")), nil, 2},
		{"a role", withBoth, `[]`, roleWith(`"read": ` + calling("%function")), 2},
		{"in shadow", callable + "\nshadow: true", entry(calling("%function")), nil, 0},
		{"roles without functions", withData, entry(calling("%function")), roleWith(`"read": true`), 0},
	} {
		files := appFiles(tt.settings, tt.rules)
		files["functions/config.json"] = tt.config
		files["functions/node_modules/a/config.json"] = `not JSON, with %function`
		if got := callProcesses(load(t, files)); got != tt.want {
			t.Errorf("%s: callProcesses = %d, want %d", tt.name, got, tt.want)
		}
	}
}

// Owners who write depend on the files with rules. They may begin with a byte order mark, and
// packages may have files of the same name.
func TestOpen_ReadsTheRulesThatOwnersMustNotChange(t *testing.T) {
	files := appFiles("functions: {dir: functions}\naccess: {mode: owner-write, functions: true}", nil)
	files["functions/config.json"] = "\ufeff" + `[{"name": "f", "can_evaluate": {"%%user.custom_data.team": "red"}}]`
	files["functions/node_modules/a/config.json"] = "not JSON"
	cfg := load(t, files)
	s, err := Open(cfg, Options{Functions: javascript.Engine, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatalf("Open = %v, want the sidecar", err)
	}
	defer s.Close(t.Context())
	if rules, err := writeRules(cfg); err != nil || len(rules.Decisive) != 1 || rules.Decisive[0] != "team" {
		t.Errorf("writeRules = %+v, %v; want team as decisive", rules, err)
	}
}
