package data

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/appservices"
	"github.com/tokengraft/tokengraft/internal/bsonvalue"
)

// A Collection is the collection of the users' documents. All documents are BSON.
// mongodoc.Source implements it.
type Collection interface {
	// Find yields documents that match a filter, at most limit, in the order of sort if it
	// is not nil.
	Find(ctx context.Context, filter, sort []byte, limit int) iter.Seq2[[]byte, error]
	// InsertOne inserts a document, which has an _id. The error is [enrich.ErrNoDocument]
	// if MongoDB refuses the document.
	InsertOne(ctx context.Context, doc []byte) error
	// Replace writes new if the document is still old. The error is [enrich.ErrNoDocument]
	// if MongoDB refuses the document.
	Replace(ctx context.Context, old, new []byte) (changed bool, err error)
	// Delete deletes the document if it is still old.
	Delete(ctx context.Context, old []byte) (deleted bool, err error)
	// Own returns the document of a user, or [enrich.ErrNoDocument].
	Own(ctx context.Context, user enrich.User) ([]byte, error)
	// IsOwn reports whether a document belongs to a user, and to no other.
	IsOwn(user enrich.User, doc []byte) bool
	// Tags returns by what caches know a document.
	Tags(doc []byte) []string
}

// Options are what a [Service] needs. All fields are required unless their comment says
// otherwise.
type Options struct {
	Rules      *Rules
	Collection Collection
	// Fixed are the paths that users never change: those of the user id and of its issuer.
	// _id is always fixed.
	Fixed []string
	// Privileged reports whether users must not change a path, because other programs may
	// decide access by it.
	Privileged func(path string) bool
	// Changed is called with the tags of each document that was written.
	Changed func(tags ...string)
	// Failed is called if a rule could not be evaluated, with its place: roles or filters.
	Failed func(place string)
	// MaxSize is the size of the largest document that users may write, as Extended JSON.
	MaxSize int
	// Reserve takes memory for the documents of a call, in bytes. Nil takes none.
	Reserve func(ctx context.Context, bytes int64) bool
	// Timeout is for one operation.
	Timeout time.Duration
	// Values and Environment are for expressions. They may be missing.
	Values, Environment bsonvalue.Value
	// Call calls a function for an expression. It may be nil if the rules call none.
	Call func(ctx context.Context, c appservices.Caller, name string, args []bsonvalue.Value) (bsonvalue.Value, error)
}

// A Service reads and writes documents for users. It is safe for concurrent use.
type Service struct {
	o     Options
	fixed []path
}

var errOptions = errors.New("data: an option is missing")

// New makes a service.
func New(o Options) (*Service, error) {
	if o.Rules == nil || o.Collection == nil || o.Privileged == nil || o.Changed == nil || o.Failed == nil || o.MaxSize <= 0 || o.Timeout <= 0 {
		return nil, errOptions
	}
	if o.Reserve == nil {
		o.Reserve = func(context.Context, int64) bool { return true }
	}
	s := &Service{o: o, fixed: []path{{"_id"}}}
	for _, text := range o.Fixed {
		p, err := parsePath(text)
		if err != nil {
			return nil, err
		}
		s.fixed = append(s.fixed, p)
	}
	return s, nil
}

// Operations are what users may call, by the names of the SDKs.
var operations = map[string]func(c *call, a arguments) (bsonvalue.Value, error){
	"find": (*call).find, "findOne": (*call).findOne, "count": (*call).count, "aggregate": (*call).aggregate,
	"insertOne": (*call).insertOne, "updateOne": (*call).updateOne, "replaceOne": (*call).replaceOne, "deleteOne": (*call).deleteOne,
	"findOneAndUpdate": (*call).findOneAndUpdate, "findOneAndReplace": (*call).findOneAndReplace, "findOneAndDelete": (*call).findOneAndDelete,
}

const supported = "find, findOne, count, aggregate, insertOne, updateOne, replaceOne, deleteOne, findOneAndUpdate, findOneAndReplace and findOneAndDelete"

// Call runs an operation of the SDKs. args has one object, as they send it; the answer is
// canonical Extended JSON. The error is of type [*appservices.Error].
func (s *Service) Call(ctx context.Context, c appservices.Caller, name string, args []json.RawMessage) (json.RawMessage, error) {
	if len(args) != 1 {
		return nil, invalid("%s takes one object", printable(name))
	}
	v, err := bsonvalue.Parse(args[0])
	if err != nil {
		return nil, invalid("the arguments cannot be read: %v", err)
	}
	answer, err := s.run(ctx, c, name, arguments{v})
	if err != nil {
		return nil, failure(err)
	}
	return answer.JSON()
}

// run runs an operation. Its arguments have the database and the collection.
func (s *Service) run(ctx context.Context, c appservices.Caller, name string, a arguments) (bsonvalue.Value, error) {
	operation, ok := operations[name]
	if !ok {
		return bsonvalue.Value{}, invalid("%s is not supported; use %s", printable(name), supported)
	}
	database, collection, err := a.namespace()
	if err != nil {
		return bsonvalue.Value{}, err
	}
	if database != s.o.Rules.Database || collection != s.o.Rules.Collection {
		return bsonvalue.Value{}, errNamespace(database, collection)
	}
	ctx, cancel := context.WithTimeout(ctx, s.o.Timeout)
	defer cancel()
	started, err := s.start(ctx, c)
	if err != nil {
		return bsonvalue.Value{}, err
	}
	answer, err := operation(started, a)
	if err == nil {
		err = started.budget.check()
	}
	if err != nil && ctx.Err() != nil {
		err = errTime
	}
	return answer, err
}
