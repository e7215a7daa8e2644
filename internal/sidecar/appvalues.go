package sidecar

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/internal/appservices/values"
	"github.com/tokengraft/tokengraft/internal/bsonvalue"
)

// appValues are the values and the environment of an app, as rule expressions have them.
type appValues struct{ values, environment bsonvalue.Value }

// readAppValues reads them from the files that the configuration names. The error is a
// [config.FieldError].
func readAppValues(cfg *config.Config) (appValues, error) {
	f := cfg.Functions
	all, err := documentOf(values.Read(string(f.Values)))
	if err != nil {
		return appValues{}, cfg.Fault("functions.values", err)
	}
	environment, err := documentOf(values.ReadEnvironment(string(f.Environments), f.Environment))
	if err != nil {
		return appValues{}, cfg.Fault("functions.environments", err)
	}
	return appValues{all, bsonvalue.NewDocument(
		bsonvalue.Member{Name: "tag", Value: bsonvalue.NewString(f.Environment)},
		bsonvalue.Member{Name: "values", Value: environment},
	)}, nil
}

// documentOf returns a document with a field for each value.
func documentOf(all map[string]json.RawMessage, err error) (bsonvalue.Value, error) {
	if err != nil {
		return bsonvalue.Value{}, err
	}
	var members []bsonvalue.Member
	for _, name := range slices.Sorted(maps.Keys(all)) {
		v, err := bsonvalue.Parse(all[name])
		if err != nil {
			return bsonvalue.Value{}, fmt.Errorf("the value %s: %w", name, err)
		}
		members = append(members, bsonvalue.Member{Name: name, Value: v})
	}
	return bsonvalue.NewDocument(members...), nil
}
