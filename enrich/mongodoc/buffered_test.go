package mongodoc_test

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/mongodoc"
)

// Every read of a connection is for a whole answer, so that none costs two system calls. One
// that does not fit into the buffer is read to its end all the same.
func TestLookup_ReadsAheadOfTheDriver(t *testing.T) {
	for _, size := range []int{100, 1 << 10, 64 << 10} {
		network := &readCounter{}
		source := open(t, mongodoc.Options{
			URI: "mongodb://" + serveDocument(t, benchDocument(t, size)) + "/", Database: "d", Collection: "c", Field: "user_id", Timeout: 5 * time.Second,
		}.Through(network))
		for range 3 {
			if doc, err := source.Lookup(t.Context(), enrich.Query{User: anna}); err != nil || len(doc.JSON) < size/2 {
				t.Fatalf("Lookup of a document of %d bytes = %d bytes, %v", size, len(doc.JSON), err)
			}
		}
		if small, all := network.small.Load(), network.all.Load(); small > 0 || all < 3 {
			t.Errorf("with a document of %d bytes, %d of %d reads of the network were for less than 1 KiB, want none of at least 3", size, small, all)
		}
	}
}

// A readCounter is a network that counts reads.
type readCounter struct{ all, small atomic.Int64 }

func (r *readCounter) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := new(net.Dialer).DialContext(ctx, network, address)
	return countedConn{c, r}, err
}

type countedConn struct {
	net.Conn
	counter *readCounter
}

func (c countedConn) Read(p []byte) (int, error) {
	c.counter.all.Add(1)
	if len(p) < 1<<10 {
		c.counter.small.Add(1)
	}
	return c.Conn.Read(p)
}
