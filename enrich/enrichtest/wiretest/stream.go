package wiretest

import (
	"fmt"
	"strconv"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// A cursor is an open change stream.
type cursor struct {
	pipeline bson.A
	next     int // of the events
}

// emit adds an event about a document, or with nil about the collection. The caller
// holds the lock.
func (s *Server) emit(operation string, doc bson.D, more ...bson.E) {
	event := bson.D{{Key: "_id", Value: token(len(s.events) + 1)}, {Key: "operationType", Value: operation}}
	if doc != nil {
		event = append(event, bson.E{Key: "documentKey", Value: bson.D{{Key: "_id", Value: get(doc, "_id")}}})
	}
	s.events = append(s.events, append(event, more...))
	close(s.grown)
	s.grown = make(chan struct{})
}

// token returns the resume token of a stream that has sent this number of events.
func token(events int) bson.D {
	return bson.D{{Key: "_data", Value: fmt.Sprintf("%08x", events)}}
}

// waitWhilePaused waits until streams are not paused.
func (s *Server) waitWhilePaused() {
	s.mu.Lock()
	paused := s.paused
	s.mu.Unlock()
	if paused != nil {
		<-paused
	}
}

// aggregate opens a change stream. As in MongoDB, it allows only one read concern,
// and ends if the pipeline drops the resume token.
func (s *Server) aggregate(command bson.D) bson.D {
	s.mu.Lock()
	defer s.mu.Unlock()
	pipeline, _ := get(command, "pipeline").(bson.A)
	opening, ok := get(pipeline[0], "$changeStream").(bson.D)
	concern := get(get(command, "readConcern"), "level")
	switch {
	case !ok:
		return fault(40324, "Location40324")
	case concern != nil && concern != "majority":
		return fault(72, "InvalidOptions")
	}
	c := &cursor{pipeline: pipeline[1:], next: len(s.events)}
	if resume := get(opening, "resumeAfter"); resume != nil {
		data, _ := get(resume, "_data").(string)
		events, err := strconv.ParseInt(data, 16, 32)
		if err != nil || int(events) < s.forgotten {
			return fault(286, "ChangeStreamHistoryLost", "NonResumableChangeStreamError")
		}
		c.next = int(events)
	}
	s.opened++
	id := s.opened
	s.cursors[id] = c
	return batch(id, "firstBatch", namespace(command), bson.A{}, c.next)
}

// getMore waits for events until the time that the command allows.
func (s *Server) getMore(command bson.D) bson.D {
	id, _ := command[0].Value.(int64)
	wait, _ := get(command, "maxTimeMS").(int64)
	timeout := time.After(time.Duration(wait) * time.Millisecond)
	for {
		answer, grown := s.more(id, command)
		if answer != nil {
			return answer
		}
		select {
		case <-grown:
		case <-timeout:
			return s.nothing(id, command)
		}
	}
}

// more returns the answer to a getMore if there is one, and otherwise the channel to
// wait for.
func (s *Server) more(id int64, command bson.D) (answer bson.D, grown chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.cursors[id]
	if !ok {
		return fault(43, "CursorNotFound"), nil
	}
	events := bson.A{}
	for ; c.next < len(s.events) && id != 0; c.next++ {
		event, err := run(c.pipeline, s.events[c.next])
		switch {
		case err != nil:
			return fault(168, "InvalidPipelineOperator"), nil
		case event == nil:
			continue
		case get(s.events[c.next], "operationType") == "invalidate":
			delete(s.cursors, id)
			id = 0
		}
		events = append(events, event)
		s.sent = append(s.sent, event)
	}
	if len(events) == 0 {
		return nil, s.grown
	}
	return batch(id, "nextBatch", namespace(command), events, c.next), nil
}

// nothing returns the answer to a getMore that timed out.
func (s *Server) nothing(id int64, command bson.D) bson.D {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, ok := s.cursors[id]; ok {
		return batch(id, "nextBatch", namespace(command), bson.A{}, c.next)
	}
	return fault(43, "CursorNotFound")
}

func batch(id int64, name, ns string, events bson.A, next int) bson.D {
	return okay(bson.E{Key: "cursor", Value: bson.D{
		{Key: "id", Value: id}, {Key: "ns", Value: ns}, {Key: name, Value: events},
		{Key: "postBatchResumeToken", Value: token(next)},
	}})
}

func (s *Server) killCursors(command bson.D) bson.D {
	s.mu.Lock()
	defer s.mu.Unlock()
	ids, _ := get(command, "cursors").(bson.A)
	for _, id := range ids {
		delete(s.cursors, id.(int64))
	}
	return okay(bson.E{Key: "cursorsKilled", Value: ids})
}
