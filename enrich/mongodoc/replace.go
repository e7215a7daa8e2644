package mongodoc

import (
	"context"
	"errors"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
)

// Own returns the user's document as BSON, with what the projection leaves out. It is the
// document that [Source.Lookup] finds. The error is [enrich.ErrNoDocument] if there is
// none.
func (s *Source) Own(ctx context.Context, user enrich.User) (doc []byte, err error) {
	ids := s.mapping.Candidates(user)
	if len(ids) == 0 {
		return nil, errNoUserID
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	err = retryOnce(ctx, func() (err error) {
		doc, err = s.own(ctx, ids)
		return err
	})
	switch {
	case err != nil:
		return nil, s.wrapError(err)
	case doc == nil:
		return nil, enrich.ErrNoDocument
	}
	return doc, nil
}

// own returns nil if the user has no document.
func (s *Source) own(ctx context.Context, ids []bsonjson.UserID) ([]byte, error) {
	found, err := s.find(ctx, ids)
	if err != nil || len(found) == 0 || s.projection == nil {
		return first(found), err
	}
	whole, err := s.sameID(ctx, found[0])
	if err != nil || whole == nil || !s.field.Matches(whole, ids) {
		return nil, err // it is another user's since
	}
	return whole, nil
}

func first(docs [][]byte) []byte {
	if len(docs) == 0 {
		return nil
	}
	return docs[0]
}

// sameID reads the whole document with the _id of doc. It returns nil if there is none.
func (s *Source) sameID(ctx context.Context, doc []byte) ([]byte, error) {
	query, err := bsonjson.ByID(doc)
	if err != nil {
		return nil, err
	}
	collection, err := s.documents(ctx)
	if err != nil {
		return nil, err
	}
	cursor, err := collection.Find(ctx, query, options.Find().SetLimit(1))
	if err != nil {
		return nil, err
	}
	docs, err := readAll(ctx, cursor)
	return first(docs), err
}

// writeTimeout limits one [Source.Replace], retries included. It is longer than the timeout
// of a lookup, because a majority must confirm the write.
const writeTimeout = 5 * time.Second

// Replace makes new from the document old, which it identifies by its _id. It writes only
// what differs, and only if the document is still old: if a field at the top of it has
// changed, or one that new adds is there already, Replace writes nothing and returns
// false. A field that others have added is neither noticed nor changed.
//
// A majority confirms the write. The error wraps [enrich.ErrNoDocument] if MongoDB refuses
// the document and would again, and is [bsonjson.ErrName] if the write cannot be expressed.
// After any other error the document may have been written.
func (s *Source) Replace(ctx context.Context, old, new []byte) (changed bool, err error) {
	update, errUpdate := bsonjson.Difference(old, new)
	query, errQuery := bsonjson.Unchanged(old, new)
	if err := errors.Join(errUpdate, errQuery); err != nil {
		return false, err
	}
	if update == nil {
		return true, nil
	}
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	write := func() (bool, error) { return s.updateExactly(ctx, query, update) }
	changed, err = write()
	if err != nil && ctx.Err() == nil && !isAnswer(err) {
		changed, err = s.replaceAgain(ctx, old, new, write)
	}
	if err != nil {
		return false, s.wrapWriteError(err)
	}
	return changed, nil
}

// isAnswer reports whether MongoDB answered a write, so that its outcome is known.
func isAnswer(err error) bool {
	var refusal mongo.WriteException
	return errors.As(err, &refusal)
}

// errOutcome means that a write may have been done, and that another one followed it.
var errOutcome = errors.New("the connection broke during a write, and the document has changed since")

// replaceAgain follows a write whose outcome is unknown, because there was no answer. It
// repeats the write only if the document shows that it was not done.
func (s *Source) replaceAgain(ctx context.Context, old, new []byte, write func() (bool, error)) (changed bool, err error) {
	for _, repeat := range []func() (bool, error){write, nil} {
		now, err := s.sameID(ctx, old)
		switch {
		case err != nil:
			return false, err
		case isSame(now, new):
			return true, nil
		case repeat == nil || !isSame(now, old):
			return false, errOutcome
		}
		// The first write can still be done, just before this one.
		if changed, err := repeat(); err != nil || changed {
			return changed, err
		}
	}
	return false, errOutcome
}

// isSame reports whether two documents have the same fields. The first may be nil.
func isSame(now, doc []byte) bool {
	if now == nil {
		return false
	}
	update, err := bsonjson.Difference(now, doc)
	return err == nil && update == nil
}

// noCollationCodes are the error codes of servers that refuse a collation, because they
// compare bytes in any case: NotImplemented, CommandNotSupported, and that of Amazon
// DocumentDB.
var noCollationCodes = []int32{238, 115, 303}

// updateExactly runs one update.
func (s *Source) updateExactly(ctx context.Context, query, update []byte) (matched bool, err error) {
	return s.exactly(ctx, func(documents *mongo.Collection, collation *options.Collation) (int64, error) {
		o := options.UpdateOne()
		if collation != nil {
			o.SetCollation(collation)
		}
		result, err := documents.UpdateOne(ctx, query, update, o)
		if err != nil {
			return 0, err
		}
		return result.MatchedCount, nil
	})
}

// exactly runs a write that compares strings by their bytes, whatever the collation of the
// collection is, and reports whether it found a document.
func (s *Source) exactly(ctx context.Context, write func(documents *mongo.Collection, collation *options.Collation) (int64, error)) (matched bool, err error) {
	documents, err := s.durable(ctx, s.collection)
	if err != nil {
		return false, err
	}
	var simple *options.Collation
	if !s.noCollations.Load() {
		simple = &options.Collation{Locale: "simple"}
	}
	n, err := write(documents, simple)
	var answer mongo.CommandError
	if simple != nil && errors.As(err, &answer) && slices.Contains(noCollationCodes, answer.Code) {
		s.noCollations.Store(true)
		n, err = write(documents, nil)
	}
	return n > 0, err
}

// Tags returns what [enrich.Invalidator] needs to evict the document: its _id and all user
// ids in it. doc is BSON.
func (s *Source) Tags(doc []byte) []string {
	return s.field.DocumentTags(doc)
}
