package sidecar

import (
	"context"
	"errors"
	"os"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich/hooks"
	"github.com/tokengraft/tokengraft/internal/appservices"
	"github.com/tokengraft/tokengraft/internal/appservices/data"
	"github.com/tokengraft/tokengraft/internal/bsonvalue"
	"github.com/tokengraft/tokengraft/proxy"
)

var errNoCollection = errors.New("requires that the source of documents is a collection of MongoDB")

// openData opens the data access of SDKs. The functions that its rules call are open
// already. The error is a [config.FieldError], or joins some.
func (c *calls) openData(cfg *config.Config, d *documents) error {
	collection, ok := d.source.(collectionSource)
	if !ok {
		return cfg.Fault("access.roles", errNoCollection)
	}
	rules, err := readRoles(cfg, c.hasFunction())
	if err != nil {
		return err
	}
	writes, err := writeRules(cfg)
	if err != nil {
		return err
	}
	app, err := readAppValues(cfg)
	if err != nil {
		return err
	}
	c.data, err = data.New(data.Options{
		Rules: rules, Collection: collection.Source, Fixed: writes.Identity, Privileged: writes.Privileged,
		Changed: func(tags ...string) { d.cache.Invalidate(tags...) },
		Failed:  func(place string) { c.failures.Count(context.Background(), place) },
		MaxSize: int(cfg.Access.MaxSize), Timeout: cfg.Access.Timeout, Reserve: proxy.Reserve,
		Values: app.values, Environment: app.environment, Call: c.rule,
	})
	return err
}

// hasFunction returns what reports whether rules may call a function, or nil if they may
// call none.
func (c *calls) hasFunction() func(name string) bool {
	if c.runner == nil {
		return nil
	}
	return c.runner.Has
}

// rule calls a function for a rule. Rules call none without functions.
func (c *calls) rule(ctx context.Context, caller appservices.Caller, name string, args []bsonvalue.Value) (bsonvalue.Value, error) {
	return c.functions.Rule(ctx, caller, name, args)
}

// readRoles reads the rules of the collection. hasFunction reports whether they may call a
// function; nil means none. The error joins all faults, each a [config.FieldError].
func readRoles(cfg *config.Config, hasFunction func(name string) bool) (*data.Rules, error) {
	file := string(cfg.Access.Roles)
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, cfg.Fault("access.roles", err)
	}
	rules, err := data.Parse(file, text, hasFunction)
	if faults, ok := errors.AsType[data.Faults](err); ok {
		var all []error
		for _, fault := range faults {
			all = append(all, cfg.Fault("access.roles", fault))
		}
		return nil, errors.Join(all...)
	}
	if m := cfg.Documents.MongoDB; rules.Database != m.Database || rules.Collection != m.Collection {
		return nil, cfg.Fault("access.roles", errOtherCollection)
	}
	return rules, nil
}

var errOtherCollection = errors.New("has the rules of another collection; the members database and collection must be those of documents.mongodb")

// database returns what functions use that run as their caller, or nil without roles. The
// data access opens after the functions, and before the first call.
func (c *calls) database(cfg *config.Config) func(appservices.Caller) hooks.Database {
	if cfg.Access.Roles == "" {
		return nil
	}
	return func(caller appservices.Caller) hooks.Database { return c.data.Database(caller) }
}
