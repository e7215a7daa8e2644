package clientapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/hooks"
	"github.com/tokengraft/tokengraft/enrich/hooks/javascript"
	"github.com/tokengraft/tokengraft/internal/appservices/clientapi"
	"github.com/tokengraft/tokengraft/internal/appservices/permissions"
)

// An app is a directory of functions and their permissions.
type app struct {
	t         *testing.T
	dir       string
	entries   []string
	database  hooks.Database // of the engine
	processes int
	timeout   time.Duration
	evicted   evictions
	failures  int // of expressions
}

func newApp(t *testing.T) *app {
	return &app{t: t, dir: t.TempDir(), processes: 1, timeout: 5 * time.Second, database: unlimited{}}
}

// add adds a function. An empty entry means that config.json has none.
func (a *app) add(name, source, entry string) *app {
	a.t.Helper()
	if err := os.WriteFile(filepath.Join(a.dir, name+".js"), []byte(source), 0o600); err != nil {
		a.t.Fatal(err)
	}
	if entry != "" {
		a.entries = append(a.entries, fmt.Sprintf(`{"name":%q,%s}`, name, entry))
	}
	return a
}

// public is the entry of a function that all users may call.
const public = `"private":false`

// options returns those of a handler with the functions of the app.
func (a *app) options() clientapi.Options {
	a.t.Helper()
	engine, err := javascript.Engine(hooks.EngineOptions{Dir: a.dir, Processes: a.processes + 1, Timeout: a.timeout, Database: a.database, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		a.t.Fatal(err)
	}
	a.t.Cleanup(func() { _ = engine.(hooks.Closer).Close(context.Background()) })
	config := "[" + strings.Join(a.entries, ",\n") + "]"
	if err := os.WriteFile(filepath.Join(a.dir, "config.json"), []byte(config), 0o600); err != nil {
		a.t.Fatal(err)
	}
	read, err := permissions.Read(os.DirFS(a.dir), engine.Has)
	if err != nil {
		a.t.Fatal(err)
	}
	o := options()
	o.Timeout = a.timeout + time.Second
	o.Functions = clientapi.NewFunctions(clientapi.FunctionOptions{
		Runner: engine.(hooks.Runner), Processes: a.processes, Permissions: read, Invalidator: &a.evicted,
		Failed: func(context.Context) { a.failures++ },
	})
	return o
}

// unlimited is a database that answers every command.
type unlimited struct{}

func (unlimited) Command(context.Context, string, json.RawMessage) (json.RawMessage, error) {
	return json.RawMessage(`{"ok":1,"cursor":{"id":0,"ns":"app.users","firstBatch":[{"all":true}]}}`), nil
}

// evictions are the tags that were invalidated.
type evictions struct {
	mu   sync.Mutex
	tags []string
}

func (e *evictions) Invalidate(tags ...string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.tags = append(e.tags, tags...)
}
func (e *evictions) InvalidateAll() {}

func called(name string, args ...string) string {
	return fmt.Sprintf(`{"name":%q,"arguments":[%s]}`, name, strings.Join(args, ","))
}
