package mongodoc_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/enrichtest/wiretest"
	"github.com/tokengraft/tokengraft/enrich/mongodoc"
)

// An alteredServer changes the next answer to a find.
type alteredServer struct {
	*wiretest.Server
	next atomic.Pointer[func(answer []byte) []byte]
}

func (s *alteredServer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	connection, err := s.Server.DialContext(ctx, network, address)
	return &alteredConnection{Conn: connection, server: s}, err
}

type alteredConnection struct {
	net.Conn
	server *alteredServer
	rest   []byte // of an answer
}

func (c *alteredConnection) Read(p []byte) (int, error) {
	if len(c.rest) == 0 {
		answer := make([]byte, 4)
		if _, err := io.ReadFull(c.Conn, answer); err != nil {
			return 0, err
		}
		answer = append(answer, make([]byte, binary.LittleEndian.Uint32(answer)-4)...)
		if _, err := io.ReadFull(c.Conn, answer[4:]); err != nil {
			return 0, err
		}
		if bytes.Contains(answer, []byte("firstBatch")) {
			if alter := c.server.next.Swap(nil); alter != nil {
				if answer = (*alter)(answer); answer == nil {
					return 0, io.ErrUnexpectedEOF
				}
			}
		}
		c.rest = answer
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

// refuse returns an answer to the same request, with ok: 0 and a code.
func refuse(answer []byte, code int32) []byte {
	refusal := bsoncore.NewDocumentBuilder().AppendInt32("ok", 0).AppendInt32("code", code).Build()
	answer = append(answer[:21:21], refusal...)
	binary.LittleEndian.PutUint32(answer, uint32(len(answer)))
	return answer
}

// A primary that steps down says so to the next lookup, which then asks the new one.
func TestLookup_SurvivesAnElection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &alteredServer{Server: wiretest.New()}
		t.Cleanup(server.Close)
		server.Insert(bert)
		source := open(t, mongodoc.Options{URI: wiretest.URI, Database: "d", Collection: "c", Field: "f", Timeout: 5 * time.Second}.Through(server))
		lookUp(t, source, enrich.User{ID: "bert"}) // from now on the source knows the primary
		for range 5 {
			server.ElectPrimary()
			stepDown := func(a []byte) []byte { return refuse(a, 10107) }
			server.next.Store(&stepDown)
			before := server.CommandCount("find")
			if got := lookUp(t, source, enrich.User{ID: "bert"}); got != bert {
				t.Fatalf("Lookup(bert) = %s, want %s", got, bert)
			}
			if finds := server.CommandCount("find") - before; finds != 2 {
				t.Errorf("%d finds after an election, want 2", finds)
			}
		}
	})
}

// One answer that makes no sense costs a second find, and no user gets the document of another.
func TestLookup_SurvivesAnOddAnswer(t *testing.T) {
	var ofBert []byte
	const atSection, atDocument = 16 + 4, 16 + 4 + 1
	replace := func(old, with string) func([]byte) []byte {
		return func(a []byte) []byte { return bytes.ReplaceAll(a, []byte(old), []byte(with)) }
	}
	for name, test := range map[string]struct {
		alter func([]byte) []byte
		finds int
	}{
		"as it is":                    {func(a []byte) []byte { return a }, 1},
		"an open cursor":              {replace("\x12id\x00\x00\x00", "\x12id\x00\x07\x00"), 1},
		"the answer to another find":  {func([]byte) []byte { return ofBert }, 2},
		"no answer to a request":      {func(a []byte) []byte { clear(a[8:12]); return a }, 2},
		"a part that is a sequence":   {func(a []byte) []byte { a[atSection] = 1; return a }, 2},
		"another operation":           {func(a []byte) []byte { a[12]++; return a }, 2},
		"a document that is cut":      {func(a []byte) []byte { a[atDocument]++; return a }, 2},
		"no document":                 {func(a []byte) []byte { clear(a[atDocument:]); return a }, 2},
		"no batch":                    {replace("firstBatch", "lastBatch\x00"), 2},
		"only a header":               {func(a []byte) []byte { binary.LittleEndian.PutUint32(a, 16); return a[:16] }, 2},
		"the end of the connection":   {func([]byte) []byte { return nil }, 2},
		"a refusal by a secondary":    {func(a []byte) []byte { return refuse(a, 13435) }, 2},
		"a refusal by an old primary": {func(a []byte) []byte { return refuse(a, 10107) }, 2},
		"a refusal at a shutdown":     {func(a []byte) []byte { return refuse(a, 91) }, 2},
		"a length that is negative":   {func(a []byte) []byte { a[3] = 0x80; return a }, 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := &alteredServer{Server: wiretest.New()}
				t.Cleanup(server.Close)
				server.Insert(`{"_id":1,"f":"anna","n":1}`)
				server.Insert(bert)
				source := open(t, mongodoc.Options{URI: wiretest.URI, Database: "d", Collection: "c", Field: "f", Timeout: 5 * time.Second}.Through(server))
				want := lookUp(t, source, anna) // from now on the source knows the primary
				keep := func(a []byte) []byte { ofBert = bytes.Clone(a); return a }
				server.next.Store(&keep)
				lookUp(t, source, enrich.User{ID: "bert"})

				before := server.CommandCount("find")
				server.next.Store(&test.alter)
				if got := lookUp(t, source, anna); got != want {
					t.Errorf("Lookup(anna) = %s, want %s", got, want)
				}
				if finds := server.CommandCount("find") - before; finds != test.finds {
					t.Errorf("%d finds, want %d", finds, test.finds)
				}
				if got := lookUp(t, source, anna); got != want {
					t.Errorf("the next Lookup(anna) = %s, want %s", got, want)
				}
			})
		})
	}
}
