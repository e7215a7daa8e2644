package connlimit

import (
	"net/http"
	"time"
)

// serving is the connections that serve a request, until the request has become long. They
// are in the order in which their requests began. All of them share one timer: one for each
// request would cost more than what a watch saves.
type serving struct {
	list
	looks uint64 // how often the pool has looked for long requests
	look  func() // what the timer calls
	timer *time.Timer
	armed bool // the timer runs
}

// begin adds a connection whose request has started.
func (s *serving) begin(c *conn) {
	c.looks = s.looks
	s.add(c)
	switch {
	case s.armed:
		return
	case s.timer == nil:
		s.timer = time.AfterFunc(longRequest, s.look)
	default:
		s.timer.Reset(longRequest)
	}
	s.armed = true
}

// long removes and returns the connections whose requests have become long: those which
// were there the last time.
func (s *serving) long() (conns []*conn) {
	s.looks++
	for c := s.first(); c != nil && c.looks+1 < s.looks; c = s.first() {
		s.remove(c)
		conns = append(conns, c)
	}
	if s.armed = s.first() != nil; s.armed {
		s.timer.Reset(longRequest)
	}
	return conns
}

// lookForLong makes the watch look at long requests.
func (p *Pool) lookForLong() {
	p.mu.Lock()
	long := p.serving.long()
	p.mu.Unlock()
	for _, c := range long {
		c.watch.look()
	}
}

// setState says whether a request is served in c. It returns false if c has been closed to
// make room.
func (p *Pool) setState(c *conn, state http.ConnState) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.gone {
		return false
	}
	p.peers.unwait(c)
	p.serving.remove(c)
	switch {
	case state == http.StateIdle:
		p.waits++
		c.since = p.waits
		p.peers.wait(c)
	case state == http.StateActive && c.watched():
		p.serving.begin(c)
	}
	return true
}
