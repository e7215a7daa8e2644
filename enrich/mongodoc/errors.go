package mongodoc

import (
	"errors"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/mongo"
)

// ErrNoChangeStreams means that the collection has no change stream: the server is
// standalone or does not support change streams, the database user does not have the
// permission, or the collection is a view.
var ErrNoChangeStreams = errors.New("the collection has no change stream")

// The reasons why a change stream is no longer followed.
var (
	errElection      = errors.New("another server has become the primary")
	errStreamTimeout = fmt.Errorf("no answer for %v", streamTimeout)
	errStreamEnded   = errors.New("the server ended the stream")
	errUnknownChange = errors.New("the collection was dropped or renamed, or an event has an unknown form")
)

// resumable reports whether a broken stream can continue where it stopped. It can if
// the server did not answer, or if the server's error says so.
func resumable(err error) bool {
	if errors.Is(err, errStreamEnded) || errors.Is(err, errUnknownChange) {
		return false
	}
	var answer mongo.CommandError
	return !errors.As(err, &answer) || answer.Code == 0 || answer.HasErrorLabel("ResumableChangeStreamError")
}

// noChangeStreamCodes are the error codes that mean ErrNoChangeStreams: Unauthorized,
// CommandNotFound, CommandNotSupported, CommandNotSupportedOnView, NotImplemented, an
// unknown stage, and a stage that needs a replica set.
var noChangeStreamCodes = []int32{13, 59, 115, 166, 238, 40324, 40573}

// wrapStreamError is wrapError for errors of a change stream. It adds
// [ErrNoChangeStreams] if the error means that.
func (s *Source) wrapStreamError(err error) error {
	var answer mongo.CommandError
	if errors.As(err, &answer) && slices.Contains(noChangeStreamCodes, answer.Code) {
		return fmt.Errorf("%w: %w", ErrNoChangeStreams, s.wrapError(err))
	}
	return s.wrapError(err)
}

// wrapError adds the names of database and collection to an error, which is that of
// withoutMessage.
func (s *Source) wrapError(err error) error { return wrapError(s.database, s.collection, err) }

func wrapError(database, collection string, err error) error {
	return fmt.Errorf("MongoDB collection %s.%s: %w", database, collection, withoutMessage(err))
}

// withoutMessage keeps only the code of a server's error: its message can quote the query,
// which contains the user's id.
func withoutMessage(err error) error {
	var answer mongo.CommandError
	var refusal mongo.WriteException
	switch {
	case errors.As(err, &answer) && answer.Code != 0:
		return fmt.Errorf("MongoDB answered %s (code %d)", answer.Name, answer.Code)
	case errors.As(err, &refusal) && len(refusal.WriteErrors) > 0:
		return fmt.Errorf("MongoDB refused a write (code %d)", refusal.WriteErrors[0].Code)
	case errors.As(err, &refusal) && refusal.WriteConcernError != nil:
		return fmt.Errorf("MongoDB did not confirm a write (%s, code %d)", refusal.WriteConcernError.Name, refusal.WriteConcernError.Code)
	}
	return err
}
