package main

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/tokengraft/tokengraft/examples/bench/internal/fixture"
)

// changes are the change streams: an aggregate opens one, and each getMore answers the
// changes that are due. Nothing is filtered or projected: the events have the form that
// the sidecar's pipeline gives them. A server would send larger batches when many
// changes are due, because it waits for a majority of its members.
type changes struct {
	rate atomic.Int64 // changes a second
	sent atomic.Int64

	mu      sync.Mutex
	streams map[int64]*stream
	last    int64 // cursor
}

// A stream is one cursor. Only one getMore at a time uses it.
type stream struct {
	due  float64 // changes that have not been sent
	last time.Time
}

const (
	maxBatch = 1000
	pause    = time.Millisecond // between two looks at the rate
)

// open starts a stream at this time.
func (c *changes) open(command bson.Raw) (any, error) {
	stage, err := command.LookupErr("pipeline", "0", "$changeStream")
	if err != nil {
		return nil, fmt.Errorf("an aggregate without a change stream: %v, %w", stage, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.streams == nil {
		c.streams = map[int64]*stream{}
	}
	c.last++
	c.streams[c.last] = &stream{last: time.Now()}
	return c.batch(c.last, "firstBatch", bson.A{}), nil
}

// next waits for changes, for as long as the command says.
func (c *changes) next(command bson.Raw, users int) (any, error) {
	id, _ := command.Lookup("getMore").AsInt64OK()
	c.mu.Lock()
	s := c.streams[id]
	c.mu.Unlock()
	if s == nil {
		return nil, fmt.Errorf("no stream has the cursor %d", id)
	}
	wait, ok := command.Lookup("maxTimeMS").AsInt64OK()
	if !ok {
		wait = 1000
	}
	end := time.Now().Add(time.Duration(wait) * time.Millisecond)
	n := s.take(c.rate.Load())
	for ; n == 0 && time.Now().Before(end); n = s.take(c.rate.Load()) {
		time.Sleep(pause)
	}
	events := make(bson.A, n)
	for i := range events {
		events[i] = event(c.sent.Add(1), rand.IntN(users))
	}
	return c.batch(id, "nextBatch", events), nil
}

// take returns how many changes are due, and counts them as sent.
func (s *stream) take(rate int64) int {
	now := time.Now()
	s.due += float64(rate) * now.Sub(s.last).Seconds()
	s.last = now
	n := min(int(s.due), maxBatch)
	s.due -= float64(n)
	return n
}

// event returns the update of a user's document, as the sidecar's pipeline projects it.
func event(number int64, user int) bson.D {
	return bson.D{
		{Key: "_id", Value: resumeToken(number)},
		{Key: "operationType", Value: "update"},
		{Key: "documentKey", Value: bson.D{{Key: "_id", Value: fixture.UserID(user)}}},
		{Key: "moved", Value: false},
	}
}

func resumeToken(number int64) bson.D {
	return bson.D{{Key: "_data", Value: fmt.Sprintf("%032x", number)}}
}

func (c *changes) batch(id int64, name string, events bson.A) bson.D {
	return bson.D{{Key: "cursor", Value: bson.D{
		{Key: name, Value: events},
		{Key: "id", Value: id},
		{Key: "ns", Value: "app.users"},
		{Key: "postBatchResumeToken", Value: resumeToken(c.sent.Load())},
	}}, {Key: "ok", Value: 1.0}}
}
