package sidecar

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich/hooks/javascript"
)

// Files that decide what users may do are reloaded, and a faulty one changes nothing.
func TestReload_KeepsWhatUsersMayDoUntilTheFilesAreCorrect(t *testing.T) {
	files := appFiles(withBoth, roleWith(`"read": true`))
	cfg := load(t, files)
	var log bytes.Buffer
	s, err := Open(cfg, Options{
		Functions: javascript.Engine, Logger: slog.New(slog.NewTextHandler(&log, nil)),
		Load: func() (*config.Config, error) { return config.Load(cfg.File(), os.LookupEnv) },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(context.Background())
	ctx, stop := context.WithCancel(t.Context())
	defer stop() // before Close, which otherwise waits for requests of earlier configurations
	edit := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(filepath.Dir(cfg.File()), name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		log.Reset()
		s.reloader.look(ctx)
	}
	for _, file := range []struct{ name, faulty, fault, changed, setting string }{
		{"functions/config.json", `[{"name": "f", "can_evaluate": {"%%true": {"%function": {"name": "typo"}}}}]`, `the function \"typo\" does not exist`, `[]`, "functions.dir"},
		{"rules.json", `{"database": "app", "collection": "users", "roles": [{}]}`, "the role needs a name", roleWith(`"read": false`)["rules.json"], "access.roles"},
		{"rules.json", `{"database": "app", "collection": "others"}`, "has the rules of another collection", roleWith(`"read": {"%%values.typo": 1}`)["rules.json"], "access.roles"},
	} {
		before := s.current()
		edit(file.name, file.faulty)
		if s.current() != before || s.reloader.state() == nil || !strings.Contains(log.String(), "was not reloaded") || !strings.Contains(log.String(), file.fault) {
			t.Errorf("%s with a fault: the configuration changed: %t; the log:\n%s\nwant no change, and %s", file.name, s.current() != before, &log, file.fault)
		}
		edit(file.name, file.changed)
		if s.current().calls == before.calls || s.reloader.state() != nil || !strings.Contains(log.String(), "changed=["+file.setting+"]") {
			t.Errorf("%s without the fault: new calls: %t; the log:\n%s\nwant new ones, and the setting %s", file.name, s.current().calls != before.calls, &log, file.setting)
		}
	}
	if !strings.Contains(log.String(), "the value %%values.typo does not exist") {
		t.Errorf("rules with a value that does not exist: the log is\n%s\nwant a warning", &log)
	}
}
