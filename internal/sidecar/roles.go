package sidecar

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/internal/appservices"
	"github.com/tokengraft/tokengraft/internal/appservices/data"
	"github.com/tokengraft/tokengraft/internal/appservices/expression"
	"github.com/tokengraft/tokengraft/internal/bsonvalue"
	"github.com/tokengraft/tokengraft/internal/owner"
)

// readRoles reads access.roles. The error joins all faults, each a [config.FieldError].
func readRoles(cfg *config.Config, hasFunction func(name string) bool) (*data.Rules, error) {
	file := string(cfg.Access.Roles)
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, cfg.Fault("access.roles", err)
	}
	rules, err := data.Parse(file, text, hasFunction)
	if faults, ok := errors.AsType[data.Faults](err); ok {
		joined := make([]error, len(faults))
		for i, fault := range faults {
			joined[i] = cfg.Fault("access.roles", fault)
		}
		return nil, errors.Join(joined...)
	}
	m := cfg.Documents.MongoDB
	if rules.Database != m.Database || rules.Collection != m.Collection {
		return nil, cfg.Fault("access.roles", fmt.Errorf("%s is for the collection %s.%s, and documents.mongodb is %s.%s; name the rules.json of that collection",
			file, rules.Database, rules.Collection, m.Database, m.Collection))
	}
	return rules, nil
}

// errRolesSource is for Options.Source. Package config reports documents.file.
var errRolesSource = errors.New("requires documents.mongodb without Options.Source, because the roles are for its collection")

// A ruleCall calls a function for a rule of a user.
type ruleCall func(ctx context.Context, c appservices.Caller, name string, args []bsonvalue.Value) (bsonvalue.Value, error)

// openData opens the data access of SDKs. It returns nil without access.roles. hasFunction
// and call are for functions in rules; they are nil if users cannot call functions. The error
// joins faults, each a [config.FieldError].
func openData(cfg *config.Config, d *documents, o Options, hasFunction func(name string) bool, call ruleCall) (*data.Service, error) {
	if cfg.Access.Roles == "" {
		return nil, nil
	}
	collection, ok := d.source.(collectionSource)
	if !ok {
		return nil, cfg.Fault("access.roles", errRolesSource)
	}
	rules, err := readRoles(cfg, hasFunction)
	if err != nil {
		return nil, err
	}
	decisive, err := decisivePaths(cfg)
	if err != nil {
		return nil, err
	}
	values, err := readAppValues(cfg)
	if err != nil {
		return nil, err
	}
	failures, err := expression.NewFailures(o.Meter)
	if err != nil {
		return nil, err
	}
	fixed := []string{cfg.Documents.UserIDField}
	if cfg.Documents.UserIDIssuer != "" {
		fixed = append(fixed, cfg.Documents.UserIDIssuer)
	}
	return data.New(data.Options{
		Rules: rules, Collection: collection.Source, Fixed: fixed,
		Privileged: owner.Rules{AllowPrivileged: cfg.Access.AllowPrivileged, Decisive: decisive}.Privileged,
		Changed:    func(tags ...string) { d.cache.Invalidate(tags...) },
		Failed:     func(place string) { failures.Count(context.Background(), place) },
		MaxSize:    int(cfg.Access.MaxSize), Timeout: min(cfg.Access.Timeout, cfg.Timeouts.Response),
		Values: values.values, Environment: values.environment, Call: call,
	})
}
