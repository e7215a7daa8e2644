package cli

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
	"github.com/tokengraft/tokengraft/internal/appservices/functions"
	"github.com/tokengraft/tokengraft/internal/supervise"
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
	app, err := openFunctions(cfg, functions.Engine, in.collection, s.logger)
	if err != nil {
		return nil, err
	}
	creation, err := creationOf(cfg)
	if err != nil {
		return nil, err
	}
	in.Hooks, err = hooks.New(hooks.Options{
		Creation:    creation,
		Triggers:    triggersOf(cfg),
		Functions:   app,
		Documents:   in.collection,
		Invalidator: s.cache,
		Failing:     d.failing,
		Logger:      s.logger,
		Meter:       s.meter,
	})
	return in, err
}

// run runs what nobody waits for, until ctx ends.
func (in *signIns) run(ctx context.Context) {
	var looking sync.WaitGroup
	if in.creates {
		looking.Go(func() { in.lookForIndex(ctx) })
	}
	in.Run(ctx)
	looking.Wait()
}

// lookForIndex warns where documents are made and nothing keeps a user from
// having two.
func (in *signIns) lookForIndex(ctx context.Context) {
	defer supervise.Catch(in.logger, "user_creation", nil)
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
			Name: t.Name, Operation: operations[t.Operation], Providers: t.Providers,
			Function: t.Function, LastLogin: t.LastLogin, Wait: t.Wait, Timeout: t.Timeout,
		})
	}
	return triggers
}

// signIns opens what happens when users sign in, without running any of it.
func (k *checker) signIns() {
	_, err := openFunctions(k.cfg, functions.Engine, nil, quiet())
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
