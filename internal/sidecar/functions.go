package sidecar

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/hooks"
	"github.com/tokengraft/tokengraft/enrich/mongodoc"
	appfunc "github.com/tokengraft/tokengraft/internal/appservices/functions"
)

// openFunctions compiles the functions; nil without a directory of them. It wants
// all that the configuration names.
func openFunctions(cfg *config.Config, database *mongodoc.Source, logger *slog.Logger) (*appfunc.App, error) {
	f := cfg.Functions
	if f.Dir == "" {
		return nil, nil
	}
	o := appfunc.Options{Services: f.Services, Hosts: f.Hosts, Timeout: appfunc.MaxTimeout, Logger: logger}
	o.Environment.Tag = f.Environment
	if database != nil {
		o.Database = database
	}
	var err error
	if o.Functions, err = appfunc.Load(os.DirFS(string(f.Dir))); err != nil {
		return nil, cfg.Fault("functions.dir", fmt.Errorf("%s: %w", f.Dir, err))
	}
	if o.Values, err = readValues(string(f.Values)); err != nil {
		return nil, cfg.Fault("functions.values", err)
	}
	if o.Environment.Values, err = readEnvironment(string(f.Environments), f.Environment); err != nil {
		return nil, cfg.Fault("functions.environments", err)
	}
	app, err := appfunc.Open(o)
	if err != nil {
		return nil, cfg.Fault("functions.dir", err)
	}
	var faults []error
	for path, name := range cfg.FunctionsNamed() {
		if !app.Has(name) {
			faults = append(faults, cfg.Fault(path, fmt.Errorf("there is no function %q in %s", name, f.Dir)))
		}
	}
	return app, errors.Join(faults...)
}

// readValues reads the values of an exported app, one in each file.
func readValues(dir string) (map[string]json.RawMessage, error) {
	if dir == "" {
		return nil, nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	values := map[string]json.RawMessage{}
	for _, entry := range entries {
		if filepath.Ext(entry.Name()) != ".json" {
			continue
		}
		name, value, err := readValue(filepath.Join(dir, entry.Name()))
		if err != nil {
			return nil, err
		}
		values[name] = value
	}
	return values, nil
}

// readValue reads a value. What stands in a secret of App Services is not in the
// export.
func readValue(file string) (name string, _ json.RawMessage, err error) {
	var value struct {
		Name       string          `json:"name"`
		Value      json.RawMessage `json:"value"`
		FromSecret bool            `json:"from_secret"`
	}
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &value)
	}
	switch {
	case err != nil:
		err = fmt.Errorf("%s: %w", file, err)
	case value.Name == "" || value.Value == nil:
		err = fmt.Errorf(`%s: want {"name": …, "value": …}`, file)
	case value.FromSecret:
		err = fmt.Errorf("%s: its value is a secret of App Services, which is not exported: write it here and from_secret: false", file)
	}
	return value.Name, value.Value, err
}

// readEnvironment reads the values of one environment of an exported app; none is
// one, too.
func readEnvironment(dir, name string) (map[string]json.RawMessage, error) {
	if dir == "" {
		return nil, nil
	}
	file := filepath.Join(dir, cmp.Or(name, "no-environment")+".json")
	var environment struct{ Values map[string]json.RawMessage }
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &environment)
	}
	if err != nil {
		return nil, fmt.Errorf(`%w; want %s with {"values": {…}}`, err, file)
	}
	return environment.Values, nil
}

// functions are those of an app, for the hooks.
type functions struct {
	app    *appfunc.App
	logger *slog.Logger
}

// Call implements [hooks.Functions]. Nothing restricts the function, and it says
// so when it is asked: App Services ran triggers as the system, too.
func (f functions) Call(ctx context.Context, name string, user json.RawMessage, args ...json.RawMessage) error {
	_, err := f.app.Call(ctx, appfunc.Call{Function: name, User: user, Args: args, System: true})
	thrown, ok := errors.AsType[*appfunc.Error](err)
	switch {
	case !ok:
		return err
	case thrown.MongoCode == duplicateKey:
		return fmt.Errorf("%w: %w", hooks.ErrDuplicate, thrown)
	}
	f.logger.Warn("a function gave no result", "error", thrown)
	return &enrich.Rejection{Code: thrown.Code, Message: thrown.Message}
}

// duplicateKey is MongoDB's code for a second document of a unique index.
const duplicateKey = 11000
