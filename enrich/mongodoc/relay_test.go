package mongodoc_test

import (
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

// relay forwards connections to a server until the test ends. It copies the requests to
// asked and the answers to answered.
func relay(t *testing.T, listener net.Listener, uri string, asked, answered io.Writer) {
	t.Helper()
	server := strings.TrimSuffix(strings.TrimPrefix(uri, "mongodb://"), "/")
	var relaying sync.WaitGroup
	relaying.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			relaying.Go(func() { forward(t, client, server, asked, answered) })
		}
	})
	t.Cleanup(relaying.Wait)
	t.Cleanup(func() { _ = listener.Close() })
}

// forward forwards one connection until either side closes it.
func forward(t *testing.T, client net.Conn, server string, asked, answered io.Writer) {
	defer client.Close()
	backend, err := net.Dial("tcp", server)
	if err != nil {
		t.Error(err)
		return
	}
	var answers sync.WaitGroup
	answers.Go(func() {
		_, _ = io.Copy(io.MultiWriter(answered, client), backend)
		_ = client.Close()
	})
	_, _ = io.Copy(io.MultiWriter(asked, backend), client)
	_ = backend.Close()
	answers.Wait()
}
