package data

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/tokengraft/tokengraft/internal/appservices"
	"github.com/tokengraft/tokengraft/internal/bsonvalue"
)

// A Database runs MongoDB commands of a function for a user, with the permissions of the
// user. It implements [hooks.Database], and has no transactions: they could not undo what
// it has checked.
type Database struct {
	service *Service
	caller  appservices.Caller
}

// Database returns the database for functions that run as a user.
func (s *Service) Database(c appservices.Caller) *Database { return &Database{s, c} }

// commands run the commands of functions, by the names that the commands start with.
var commands = map[string]func(d *Database, ctx context.Context, c command) (bsonvalue.Value, error){
	"find": (*Database).find, "aggregate": (*Database).aggregate, "insert": (*Database).insert, "update": (*Database).update,
	"delete": (*Database).delete, "findAndModify": (*Database).findAndModify, "killCursors": (*Database).killCursors,
}

// Command runs a command that a collection in a function sends. A command that the user must
// not run, or that is not supported, has a reply with ok 0. An error means that MongoDB did
// not answer.
func (d *Database) Command(ctx context.Context, database string, text json.RawMessage) (json.RawMessage, error) {
	reply, err := d.run(ctx, database, text)
	if err == nil {
		return reply.With("ok", bsonvalue.NewInt32(1)).JSON()
	}
	if err = failure(err); errors.Is(err, errUnavailable) || errors.Is(err, errOverloaded) {
		return nil, err
	}
	return refusal(err).JSON()
}

func (d *Database) run(ctx context.Context, database string, text json.RawMessage) (bsonvalue.Value, error) {
	v, err := bsonvalue.Parse(text)
	if err != nil {
		return bsonvalue.Value{}, invalid("the command cannot be read: %v", err)
	}
	for name, collection := range v.Members() {
		run, ok := commands[name]
		if !ok {
			return bsonvalue.Value{}, invalid("the command %s is not supported in a function that runs as a user", printable(name))
		}
		return run(d, ctx, command{arguments{v}, bsonvalue.NewString(database), collection})
	}
	return bsonvalue.Value{}, invalid("the command is empty")
}

// refusal returns the reply of MongoDB to a command that it refuses.
func refusal(err error) bsonvalue.Value {
	code, name := int32(2), "BadValue"
	known, _ := errors.AsType[*appservices.Error](err)
	switch {
	case known == errRefusedByMongoDB:
		code, name = 11000, "DuplicateKey"
	case known.Status == http.StatusForbidden:
		code, name = 13, "Unauthorized"
	case known == errTime:
		code, name = 50, "MaxTimeMSExpired"
	case known == errConflict:
		code, name = 112, "WriteConflict"
	}
	return bsonvalue.NewDocument(
		bsonvalue.Member{Name: "ok", Value: bsonvalue.NewInt32(0)},
		bsonvalue.Member{Name: "errmsg", Value: bsonvalue.NewString(known.Message)},
		bsonvalue.Member{Name: "code", Value: bsonvalue.NewInt32(code)},
		bsonvalue.Member{Name: "codeName", Value: bsonvalue.NewString(name)})
}

// A command is a command of MongoDB with the namespace that it is for.
type command struct {
	arguments
	database, collection bsonvalue.Value
}

// call runs an operation with the command's namespace. The arguments that are missing are
// left out.
func (d *Database) call(ctx context.Context, c command, operation string, args ...bsonvalue.Member) (bsonvalue.Value, error) {
	all := []bsonvalue.Member{{Name: "database", Value: c.database}, {Name: "collection", Value: c.collection}}
	for _, arg := range args {
		if !arg.Value.IsMissing() {
			all = append(all, arg)
		}
	}
	return d.service.run(ctx, d.caller, operation, arguments{bsonvalue.NewDocument(all...)})
}

// as returns a member of a command under the name that an operation has for it.
func as(name string, v bsonvalue.Value) bsonvalue.Member {
	return bsonvalue.Member{Name: name, Value: v}
}

// same returns members that have the same names in an operation.
func same(v bsonvalue.Value, names ...string) []bsonvalue.Member {
	members := make([]bsonvalue.Member, len(names))
	for i, name := range names {
		members[i] = as(name, v.Field(name))
	}
	return members
}
