package mongodoc_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

// A fate is what happens to one command on the way to the server.
type fate int

const (
	delivered  fate = iota
	lostBefore      // the connection breaks, and the server does not get it
	lostAfter       // the server carries it out, and the connection breaks before the answer
	late            // as lostBefore, but the server gets it before the next command of the name
)

// A cutter forwards connections to a server and breaks some.
type cutter struct {
	uri, server, command string

	mu     sync.Mutex
	fates  []fate // of the next commands of this name
	seen   int    // their number so far
	held   []byte
	broken func() // called when a connection has been broken
}

// cut returns a cutter for the commands of a name.
func cut(t *testing.T, uri, command string) *cutter {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cutter{
		uri:    "mongodb://" + listener.Addr().String() + "/",
		server: strings.TrimSuffix(strings.TrimPrefix(uri, "mongodb://"), "/"), command: command,
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { c.serve(t, client) })
		}
	})
	t.Cleanup(serving.Wait)
	t.Cleanup(func() { _ = listener.Close() })
	return c
}

// expect says what happens to the next commands of the name, and counts them from now on.
// broken is called when a connection has been broken.
func (c *cutter) expect(fates []fate, broken func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fates, c.seen, c.broken = fates, 0, broken
}

// commands returns the number of commands of the name so far.
func (c *cutter) commands() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seen
}

// serve forwards requests and their answers until one must be lost.
func (c *cutter) serve(t *testing.T, client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", c.server)
	if err != nil {
		t.Error(err)
		return
	}
	defer server.Close()
	for {
		request, err := readMessage(client)
		if err != nil {
			return
		}
		fate, before := c.fateOf(request)
		if before != nil {
			exchange(server, before)
		}
		if fate == delivered || fate == lostAfter {
			answer, err := exchange(server, request)
			if err != nil {
				return
			}
			if fate == delivered {
				_, _ = client.Write(answer)
			}
		}
		if fate != delivered {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.broken()
			return
		}
	}
}

// fateOf decides what happens to a request. before is one that was late until now.
func (c *cutter) fateOf(request []byte) (f fate, before []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !bytes.Contains(request, []byte("\x02"+c.command+"\x00")) {
		return delivered, nil
	}
	c.seen++
	before, c.held = c.held, nil
	if len(c.fates) > 0 {
		f, c.fates = c.fates[0], c.fates[1:]
	}
	if f == late {
		c.held = request
	}
	return f, before
}

func exchange(server net.Conn, request []byte) ([]byte, error) {
	if _, err := server.Write(request); err != nil {
		return nil, err
	}
	return readMessage(server)
}

func readMessage(conn net.Conn) ([]byte, error) {
	length := make([]byte, 4)
	if _, err := io.ReadFull(conn, length); err != nil {
		return nil, err
	}
	message := make([]byte, binary.LittleEndian.Uint32(length))
	copy(message, length)
	_, err := io.ReadFull(conn, message[4:])
	return message, err
}
