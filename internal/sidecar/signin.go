package sidecar

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/hooks"
	"github.com/tokengraft/tokengraft/enrich/mongodoc"
	"github.com/tokengraft/tokengraft/internal/supervise"
)

// signIns runs user_creation, triggers and deletions.
type signIns struct {
	*hooks.Hooks
	collection *mongodoc.Source // where documents are created; nil if none are
	functions  hooks.Functions  // nil without functions
	creates    bool
	logger     *slog.Logger
}

// hasSignIns reports whether anything runs when users sign in. In shadow nothing
// runs, because nothing may change.
func hasSignIns(cfg *config.Config) bool { return cfg.Hooks() && cfg.Live() }

// errReadOnly is for Options.Source. Package config reports documents.file.
var errReadOnly = errors.New("the source is read-only; user_creation and triggers require documents.mongodb without Options.Source")

// openSignIns makes the hooks of a configuration. It returns nil if there are none.
func openSignIns(cfg *config.Config, d *documents, o Options) (*signIns, error) {
	if !hasSignIns(cfg) {
		return nil, nil
	}
	in := &signIns{creates: cfg.UserCreation.Enabled(), logger: o.Logger}
	if collection, ok := d.source.(collectionSource); ok {
		in.collection = collection.Source
	} else if in.creates || len(cfg.Triggers) > 0 {
		return nil, cfg.Fault("documents", errReadOnly)
	}
	creation, err := creationOf(cfg)
	if err != nil {
		return nil, err
	}
	if in.functions, err = openFunctions(cfg, o.Functions, in.collection, o.Logger); err != nil {
		return nil, err
	}
	in.Hooks, err = hooks.New(hooks.Options{
		Creation:    creation,
		Triggers:    triggersOf(cfg),
		Functions:   in.functions,
		Documents:   in.collection,
		Invalidator: d.cache,
		Failing:     d.failing,
		UserIDField: cfg.Documents.UserIDField,
		Logger:      o.Logger,
		Meter:       o.Meter,
	})
	if err != nil {
		_ = closeFunctions(context.Background(), in.functions) // nothing has called them
	}
	return in, err
}

// close ends the processes of functions, if there are any. in may be nil.
func (in *signIns) close(ctx context.Context) error {
	if in == nil {
		return nil
	}
	return closeFunctions(ctx, in.functions)
}

// run runs the background work of the hooks until ctx ends.
func (in *signIns) run(ctx context.Context) {
	var checking sync.WaitGroup
	if in.creates {
		checking.Go(func() { in.checkIndex(ctx) })
	}
	in.Run(ctx)
	checking.Wait()
}

// checkIndex warns if documents are created without a unique index, so that a user
// could get two.
func (in *signIns) checkIndex(ctx context.Context) {
	defer supervise.Catch(in.logger, "user_creation", nil)
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := in.collection.CheckUnique(ctx); errors.Is(err, mongodoc.ErrNotUnique) {
		in.logger.Warn("user_creation requires a unique index on the user-id field", "error", err)
	}
}

// deleted returns the function that is called with the bearer token of a user who has
// deleted their account.
func (in *signIns) deleted(enricher *enrich.Enricher) func(context.Context, string) {
	return func(ctx context.Context, token string) {
		s, err := enricher.Identify(ctx, token)
		if err != nil {
			in.logger.Warn("a user was deleted, but the token does not identify the user; their documents stay in the cache until they expire", "error", err)
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
		err = cfg.Fault("user_creation.document", fmt.Errorf("%w; it must be a JSON file with an object, and this user must be able to read it", err))
	}
	return creation, err
}

func triggersOf(cfg *config.Config) []hooks.Trigger {
	var triggers []hooks.Trigger
	for _, t := range cfg.Triggers {
		triggers = append(triggers, hooks.Trigger{
			Name: t.Name, Operation: operations[t.Operation], Providers: t.Providers,
			Function: t.Function, LastLogin: t.LastLogin, Wait: t.Wait, Timeout: t.Timeout,
		})
	}
	return triggers
}
