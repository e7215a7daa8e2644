package mongodoc_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo/options"

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

// The driver finds out with a short deadline whether an idle connection is alive, and uses it
// after that. It closes a connection to end a read.
func TestReadAhead_KeepsDeadlinesAndClose(t *testing.T) {
	ours, theirs := net.Pipe()
	client, err := mongodoc.ReadAhead(pipe{ours}).DialContext(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, answer := range []string{"short", strings.Repeat("long", 10_000)} {
		if err := client.SetReadDeadline(time.Now()); err != nil {
			t.Fatal(err)
		}
		if n, err := client.Read(make([]byte, 1)); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("Read after the deadline = %d, %v; want %v", n, err, os.ErrDeadlineExceeded)
		}
		if err := client.SetReadDeadline(time.Time{}); err != nil {
			t.Fatal(err)
		}
		go func() { // in two parts
			_, _ = io.WriteString(theirs, answer[:3])
			_, _ = io.WriteString(theirs, answer[3:])
		}()
		got := make([]byte, len(answer))
		if _, err := io.ReadFull(client, got); err != nil || string(got) != answer {
			t.Errorf("read %d bytes, %v; want an answer of %d bytes", len(got), err, len(answer))
		}
	}
	ended := make(chan error, 1)
	go func() { _, err := client.Read(make([]byte, 1)); ended <- err }()
	if err := client.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("Read of a closed connection = %v, want %v", err, io.ErrClosedPipe)
	}
}

// A pipe is a network with one connection.
type pipe struct{ net.Conn }

func (p pipe) DialContext(context.Context, string, string) (net.Conn, error) { return p.Conn, nil }

// BenchmarkReadAhead measures the read of an answer of MongoDB, with and without the buffer: as
// the driver does it, four bytes with the size and then the rest.
func BenchmarkReadAhead(b *testing.B) {
	for _, size := range []int{200, 1 << 10, 4 << 10, 16 << 10} {
		for name, dialer := range map[string]options.ContextDialer{"buffered": mongodoc.ReadAhead(&net.Dialer{}), "plain": &net.Dialer{}} {
			b.Run(fmt.Sprint(size, " bytes ", name), func(b *testing.B) {
				client, server := connected(b, dialer)
				answer, got := binary.LittleEndian.AppendUint32(nil, uint32(size)), make([]byte, size)
				answer = append(answer, make([]byte, size-len(answer))...)
				var reading time.Duration
				for b.Loop() {
					if _, err := server.Write(answer); err != nil {
						b.Fatal(err)
					}
					began := time.Now()
					if _, err := io.ReadFull(client, got[:4]); err != nil {
						b.Fatal(err)
					}
					if _, err := io.ReadFull(client, got[4:]); err != nil {
						b.Fatal(err)
					}
					reading += time.Since(began)
				}
				b.ReportMetric(float64(reading.Nanoseconds())/float64(b.N), "read-ns/op")
			})
		}
	}
}

// connected returns both ends of a connection.
func connected(b *testing.B, dialer options.ContextDialer) (client, server net.Conn) {
	b.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer listener.Close()
	if client, err = dialer.DialContext(b.Context(), "tcp", listener.Addr().String()); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = client.Close() })
	if server, err = listener.Accept(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = server.Close() })
	return client, server
}
