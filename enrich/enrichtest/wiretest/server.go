// Package wiretest is a MongoDB server of one collection that tests script. It
// speaks as much of the wire protocol as tokengraft asks for, change streams
// included, and can do what servers do at the worst moment: break connections,
// say nothing, forget their history, elect another primary.
//
// Its connections are in memory, so it runs in the bubbles of testing/synctest;
// for other processes it serves on a listener, too.
package wiretest

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// URI is the connection string for a driver that has a [Server] for its dialer.
// It names the members of the replica set.
const URI = "mongodb://a.test:27017,b.test:27017/?replicaSet=rs"

var members = []string{"a.test:27017", "b.test:27017"}

// A Server is a replica set whose members have all in common. Its methods may be
// used concurrently.
type Server struct {
	serving sync.WaitGroup

	mu        sync.Mutex
	conns     map[net.Conn]bool
	closed    bool
	down      bool
	refusals  map[string]refusal // by command
	silent    chan struct{}      // closed at the end of the silence; nil if there is none
	primary   int                // of members
	elections byte

	docs      []bson.D
	made      func(id string) string // nil for none
	events    []bson.D
	grown     chan struct{} // closed when there is another event
	forgotten int           // how many of the events nobody can resume from any more
	cursors   map[int64]*cursor
	opened    int64 // cursors until now
	asked     map[string]int
	on        map[string]func()
	sent      []bson.D
}

// New returns an empty server. The caller closes it.
func New() *Server {
	return &Server{
		conns: map[net.Conn]bool{}, grown: make(chan struct{}), cursors: map[int64]*cursor{},
		refusals: map[string]refusal{}, asked: map[string]int{}, on: map[string]func(){},
	}
}

// Close ends all connections, and waits until nobody is served.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.Speak()
	s.Break()
	s.serving.Wait()
}

// DialContext connects to a member. It makes a Server the dialer of the driver.
func (s *Server) DialContext(_ context.Context, _, address string) (net.Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	member := slices.Index(members, address)
	if s.down || s.closed || member < 0 {
		return nil, errors.New("connection refused")
	}
	client, conn := net.Pipe()
	s.conns[conn] = true
	s.serving.Go(func() { s.serve(conn, member) })
	return client, nil
}

// Serve has the first member take connections until the listener is closed. It
// is for URIs with directConnection=true, as the members' names lead nowhere.
func (s *Server) Serve(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		if s.down || s.closed {
			_ = conn.Close()
		} else {
			s.conns[conn] = true
			s.serving.Go(func() { s.serve(conn, 0) })
		}
		s.mu.Unlock()
	}
}

// serve answers one connection until it ends.
func (s *Server) serve(conn net.Conn, member int) {
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		_ = conn.Close()
		delete(s.conns, conn)
	}()
	for {
		request, err := read(conn)
		if err != nil {
			return
		}
		if err := write(conn, request, s.answer(request.command, member)); err != nil {
			return
		}
	}
}

// Break ends all connections. The driver may connect anew at once.
func (s *Server) Break() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn := range s.conns {
		_ = conn.Close()
	}
}

// Stop makes an outage, until Start.
func (s *Server) Stop() {
	s.mu.Lock()
	s.down = true
	s.mu.Unlock()
	s.Break()
}

// Start ends the outage.
func (s *Server) Start() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = false
}

// Silence has all change streams hang until Speak. New ones can be opened, and
// other commands are answered.
func (s *Server) Silence() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.silent = make(chan struct{})
}

// Speak ends the silence.
func (s *Server) Speak() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.silent != nil {
		close(s.silent)
		s.silent = nil
	}
}

// A refusal is what a command is refused with.
type refusal struct {
	code   int32
	name   string
	labels []string
}

// Refuse has every command of this name refused with this error; code zero ends
// that. A refusal takes a millisecond, as a network would, so that
// in a bubble time goes on for a client that repeats without a pause.
func (s *Server) Refuse(command string, code int32, name string, labels ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusals[command] = refusal{code, name, labels}
}

// Forget has the server forget its history: no stream resumes from before.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.emit("noop", nil) // so that every stream until now lacks something
	s.forgotten = len(s.events)
}

// Elect makes another member the primary. Connections go on, and the driver
// hears of it when it asks next.
func (s *Server) Elect() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.primary = (s.primary + 1) % len(members)
	s.elections++
}

// Asked returns how many commands of this name there were.
func (s *Server) Asked(command string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[command]
}

// On has f called in the next command of this name, before it is answered, and
// after it has read.
func (s *Server) On(command string, f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.on[command] = f
}

// Sent returns the events that went out.
func (s *Server) Sent() []bson.D {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.sent)
}
