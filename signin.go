package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/appfunc"
	"github.com/tokengraft/tokengraft/enrich/hooks"
	"github.com/tokengraft/tokengraft/enrich/mongodoc"
)

// signIns are what happens when users sign in.
type signIns struct {
	*hooks.Hooks
	collection *mongodoc.Source // where documents are made; nil where none are
	creates    bool
	logger     *slog.Logger
}

// openSignIns makes the hooks of a configuration; nil if it has none, or in
// shadow, where nothing is to change.
func openSignIns(cfg *config.Config, d *documents, s *sidecar) (*signIns, error) {
	if !cfg.Hooks() || cfg.Shadow {
		return nil, nil
	}
	in := &signIns{creates: cfg.UserCreation.Enabled(), logger: s.logger}
	in.collection, _ = d.source.(*mongodoc.Source)
	app, err := openFunctions(cfg, in.collection, s.logger)
	if err != nil {
		return nil, err
	}
	creation, err := creationOf(cfg)
	if err != nil {
		return nil, err
	}
	in.Hooks, err = hooks.New(hooks.Options{
		Creation:  creation,
		Triggers:  triggersOf(cfg),
		Functions: functions{app, s.logger},
		Documents: in.collection,
		Changes:   s.cache,
		Failing:   d.failing,
		Logger:    s.logger,
		Meter:     s.meter,
	})
	return in, err
}

// run runs what nobody waits for, until ctx ends.
func (in *signIns) run(ctx context.Context) {
	var looking sync.WaitGroup
	if in.creates {
		looking.Go(func() { survive(ctx, in.logger, "user_creation", in.lookForIndex) })
	}
	in.Run(ctx)
	looking.Wait()
}

// lookForIndex warns where documents are made and nothing keeps a user from
// having two.
func (in *signIns) lookForIndex(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := in.collection.CheckUnique(ctx); errors.Is(err, mongodoc.ErrNotUnique) {
		in.logger.Warn("user_creation needs a unique index", "error", err)
	}
}

// deleted returns what is told of the bearer token of a user's own deletion. A
// token that says nothing is no user of ours: the backend has let him through.
func (in *signIns) deleted(enricher *enrich.Enricher) func(context.Context, string) {
	return func(ctx context.Context, token string) {
		s, err := enricher.Identify(ctx, token)
		if err != nil {
			in.logger.Warn("a user was deleted, but his token does not say which; he is remembered until his documents' time is over", "error", err)
			return
		}
		in.Deleted(ctx, s)
	}
}

func creationOf(cfg *config.Config) (hooks.Creation, error) {
	u := cfg.UserCreation
	creation := hooks.Creation{
		Function: u.Function,
		Webhook:  hooks.Webhook{URL: u.Webhook.URL, Secret: u.Webhook.Secret.Reveal()},
		Once:     !u.Recreate,
		Timeout:  u.Timeout,
	}
	if u.Document == "" {
		return creation, nil
	}
	text, err := os.ReadFile(string(u.Document))
	if err == nil {
		creation.Template, err = hooks.ParseTemplate(text)
	}
	if err != nil {
		err = cfg.Fault("user_creation.document", fmt.Errorf("%w; want a JSON file with an object, which this user can read", err))
	}
	return creation, err
}

func triggersOf(cfg *config.Config) []hooks.Trigger {
	var triggers []hooks.Trigger
	for _, t := range cfg.Triggers {
		triggers = append(triggers, hooks.Trigger{
			Name: t.Name, Operation: hooks.Operation(t.Operation), Providers: t.Providers,
			Function: t.Function, LastLogin: t.LastLogin, Wait: t.Wait, Timeout: t.Timeout,
		})
	}
	return triggers
}

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

// signIns opens what happens when users sign in, without running any of it.
func (k *checker) signIns() {
	_, err := openFunctions(k.cfg, nil, quiet())
	if err == nil && k.cfg.Functions.Dir != "" {
		k.ok("functions compile")
	}
	_, creation := creationOf(k.cfg)
	k.report(errors.Join(err, creation))
}

// unique looks for the index that creating documents needs.
func (k *checker) unique(ctx context.Context, collection *mongodoc.Source) {
	if !k.cfg.UserCreation.Enabled() {
		return
	}
	if err := collection.CheckUnique(ctx); err != nil {
		k.fault("user_creation", err, "Until then concurrent first logins can make several documents of one user.")
	}
}
