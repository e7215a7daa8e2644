package data

import (
	"github.com/tokengraft/tokengraft/internal/bsonvalue"
)

// arguments are the object that an SDK sends. Members that an operation does not know are
// ignored, as App Services did, except those that change what it does.
type arguments struct{ bsonvalue.Value }

func (a arguments) namespace() (database, collection string, err error) {
	database, okDatabase := a.Field("database").Text()
	collection, okCollection := a.Field("collection").Text()
	if schema, ok := a.Field("schema_name").Text(); ok && !okDatabase { // the Kotlin SDK, for the models of Device Sync
		return "", "", denied("no rule exists for the schema %s; name a database and a collection", printable(schema))
	}
	if !okDatabase || !okCollection {
		return "", "", invalid("the arguments need a database and a collection")
	}
	if len(database)+len(collection) > 255 {
		return "", "", invalid("the namespace is too long")
	}
	return database, collection, nil
}

// query returns the filter of an operation.
func (a arguments) query(name string) (*query, error) { return parseQuery(a.Field(name)) }

// flag returns a boolean, which is false if it is missing.
func (a arguments) flag(name string) (bool, error) {
	v := a.Field(name)
	if v.IsMissing() || v.Kind() == bsonvalue.IsNull {
		return false, nil
	}
	is, ok := truth(v)
	if !ok {
		return false, invalid("%s must be true or false", name)
	}
	return is, nil
}

// number returns a whole number that is not negative, and 0 if it is missing.
func (a arguments) number(name string) (int, error) {
	v := a.Field(name)
	if v.IsMissing() || v.Kind() == bsonvalue.IsNull {
		return 0, nil
	}
	n, ok := v.Whole()
	if !ok || n < 0 {
		return 0, invalid("%s must be a whole number that is not negative", name)
	}
	return int(min(n, maxExamined+1)), nil
}

// refuse returns an error if one of the members is there.
func (a arguments) refuse(names ...string) error {
	for _, name := range names {
		v := a.Field(name)
		if v.IsMissing() || v.Kind() == bsonvalue.IsNull || v.Kind() == bsonvalue.Array && v.Len() == 0 {
			continue
		}
		return invalid("%s is not supported", name)
	}
	return nil
}
