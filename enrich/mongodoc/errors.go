package mongodoc

import (
	"errors"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/mongo"
)

// ErrNoChangeStreams says that the collection has no change stream: the server is
// standalone or of a kind without change streams, the database user lacks the
// permission, or the collection is a view.
var ErrNoChangeStreams = errors.New("no change streams here")

// Why a change stream is no longer followed.
var (
	errElection      = errors.New("another server has become the primary")
	errStreamTimeout = fmt.Errorf("no answer for %v", streamTimeout)
	errStreamEnded   = errors.New("the server ended the stream")
	errUnknownChange = errors.New("the collection was dropped or renamed, or an event was not understood")
)

// resumable reports whether a stream that broke can continue where it was: the
// server said nothing, or said so.
func resumable(err error) bool {
	if errors.Is(err, errStreamEnded) || errors.Is(err, errUnknownChange) {
		return false
	}
	var answer mongo.CommandError
	return !errors.As(err, &answer) || answer.Code == 0 || answer.HasErrorLabel("ResumableChangeStreamError")
}

// noChangeStreamCodes are the codes of a server without change streams:
// Unauthorized, CommandNotFound, CommandNotSupported, CommandNotSupportedOnView,
// NotImplemented, an unknown stage, and a stage that only replica sets have.
var noChangeStreamCodes = []int32{13, 59, 115, 166, 238, 40324, 40573}

// wrapStreamError is wrapError for a change stream: it adds [ErrNoChangeStreams]
// where the server has none.
func (s *Source) wrapStreamError(err error) error {
	var answer mongo.CommandError
	if errors.As(err, &answer) && slices.Contains(noChangeStreamCodes, answer.Code) {
		return fmt.Errorf("%w: %w", ErrNoChangeStreams, s.wrapError(err))
	}
	return s.wrapError(err)
}

// wrapError says which documents an error is about. Of a server's answer it keeps
// only the code: the message can quote the query, and with it the user's id.
func (s *Source) wrapError(err error) error {
	var answer mongo.CommandError
	var refusal mongo.WriteException
	switch {
	case errors.As(err, &answer) && answer.Code != 0:
		err = fmt.Errorf("MongoDB answered %s (code %d)", answer.Name, answer.Code)
	case errors.As(err, &refusal) && len(refusal.WriteErrors) > 0:
		err = fmt.Errorf("MongoDB refused a write (code %d)", refusal.WriteErrors[0].Code)
	case errors.As(err, &refusal) && refusal.WriteConcernError != nil:
		err = fmt.Errorf("MongoDB did not confirm a write (%s, code %d)", refusal.WriteConcernError.Name, refusal.WriteConcernError.Code)
	}
	return fmt.Errorf("documents in %s.%s: %w", s.database, s.collection, err)
}
