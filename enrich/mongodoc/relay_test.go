package mongodoc_test

import (
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

// relay passes connections on to a server until the test ends, and writes what
// is asked and answered.
func relay(t *testing.T, listener net.Listener, uri string, asked, answered io.Writer) {
	t.Helper()
	server := strings.TrimSuffix(strings.TrimPrefix(uri, "mongodb://"), "/")
	var passing sync.WaitGroup
	passing.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			passing.Go(func() { passOn(t, client, server, asked, answered) })
		}
	})
	t.Cleanup(passing.Wait)
	t.Cleanup(func() { _ = listener.Close() })
}

// passOn ends when either side has closed.
func passOn(t *testing.T, client net.Conn, server string, asked, answered io.Writer) {
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
