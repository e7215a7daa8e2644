// Package wiretest is a MongoDB server with one collection that tests control. It
// supports as much of the wire protocol as tokengraft uses, change streams included.
// A test can make it fail in the ways that servers fail: close connections, pause,
// forget their history, elect another primary.
//
// Its connections are in memory, so it runs in a testing/synctest bubble. It can also
// serve other processes on a listener.
package wiretest

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// URI is the connection string for a driver that dials with a [Server].
// It names the members of the replica set.
const URI = "mongodb://a.test:27017,b.test:27017/?replicaSet=rs"

var members = []string{"a.test:27017", "b.test:27017"}

// A Server is a replica set whose members share their data. Its methods are safe for
// concurrent use.
type Server struct {
	serving sync.WaitGroup

	mu        sync.Mutex
	conns     map[net.Conn]bool
	closed    bool
	down      bool
	refusals  map[string]refusal // by command
	paused    chan struct{}      // closed by ResumeStreams; nil if streams are not paused
	primary   int                // of members
	elections byte

	docs      []bson.D
	generate  func(id string) string // see GenerateDocuments; may be nil
	anyCase   bool                   // see IgnoreCase
	events    []bson.D
	grown     chan struct{} // closed when there is another event
	forgotten int           // number of events from which no stream can resume
	cursors   map[int64]*cursor
	opened    int64 // number of cursors
	asked     map[string]int
	on        map[string]func()
	sent      []bson.D
	// transactions are those that are open, by session.
	transactions map[string]*transaction
}

// New returns an empty server. The caller closes it.
func New() *Server {
	return &Server{
		conns: map[net.Conn]bool{}, grown: make(chan struct{}), cursors: map[int64]*cursor{},
		refusals: map[string]refusal{}, asked: map[string]int{}, on: map[string]func(){},
		transactions: map[string]*transaction{},
	}
}

// Close closes all connections, and waits until every command has been answered.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.ResumeStreams()
	s.CloseConnections()
	s.serving.Wait()
}

// DialContext connects to a member. With it, a Server is a dialer for the driver.
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

// Serve lets the first member accept connections until the listener closes. The URI
// needs directConnection=true, because the members' names do not resolve.
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

// CloseConnections closes all connections. The driver may connect again at once.
func (s *Server) CloseConnections() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn := range s.conns {
		_ = conn.Close()
	}
}

// Stop starts an outage, which lasts until Start.
func (s *Server) Stop() {
	s.mu.Lock()
	s.down = true
	s.mu.Unlock()
	s.CloseConnections()
}

// Start ends the outage.
func (s *Server) Start() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = false
}

// PauseStreams makes all change streams hang until ResumeStreams. New ones can be
// opened, and the server answers other commands.
func (s *Server) PauseStreams() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paused = make(chan struct{})
}

// ResumeStreams ends the pause.
func (s *Server) ResumeStreams() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.paused != nil {
		close(s.paused)
		s.paused = nil
	}
}

// A refusal is the error that FailCommand sets for a command.
type refusal struct {
	code   int32
	name   string
	labels []string
}

// FailCommand makes every command of this name fail with this error, until a call
// with code zero. A failure takes a millisecond, as on a network. So in a synctest
// bubble time passes for a client that retries without a pause.
func (s *Server) FailCommand(command string, code int32, name string, labels ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusals[command] = refusal{code, name, labels}
}

// ForgetHistory makes the server forget its events. No stream can resume from an
// earlier one.
func (s *Server) ForgetHistory() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.emit("noop", nil) // so that every open stream has missed an event
	s.forgotten = len(s.events)
}

// ElectPrimary makes another member the primary. Connections stay open, and the
// driver notices when it asks next.
func (s *Server) ElectPrimary() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.primary = (s.primary + 1) % len(members)
	s.elections++
}

// CommandCount returns the number of commands of this name so far.
func (s *Server) CommandCount(command string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[command]
}

// OnCommand calls f during the next command of this name: after the command has
// read, and before the answer.
func (s *Server) OnCommand(command string, f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.on[command] = f
}

// SentEvents returns the events that change streams have sent.
func (s *Server) SentEvents() []bson.D {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.sent)
}
