package mongodoc

import (
	"errors"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/mongo"
)

// ErrNoChangeStreams says that there is no change stream for us: the server is
// standalone or of a kind that has none, or the user may not have it, or the
// collection is a view.
var ErrNoChangeStreams = errors.New("no change streams here")

// resumable reports whether a stream that broke can go on where it was: the
// server did not say anything, or said so.
func resumable(err error) bool {
	if errors.Is(err, errStreamEnded) || errors.Is(err, errUnknownChange) {
		return false
	}
	var answer mongo.CommandError
	return !errors.As(err, &answer) || answer.Code == 0 || answer.HasErrorLabel("ResumableChangeStreamError")
}

// noChangeStreamCodes are the codes by which servers say that there is no stream for
// us: Unauthorized, CommandNotFound, CommandNotSupported,
// CommandNotSupportedOnView, NotImplemented, an unknown stage, and a stage that
// only replica sets have.
var noChangeStreamCodes = []int32{13, 59, 115, 166, 238, 40324, 40573}

// wrapStreamError is wrapError for what a stream was refused with.
func (s *Source) wrapStreamError(err error) error {
	var answer mongo.CommandError
	if errors.As(err, &answer) && slices.Contains(noChangeStreamCodes, answer.Code) {
		return fmt.Errorf("%w: %w", ErrNoChangeStreams, s.wrapError(err))
	}
	return s.wrapError(err)
}
