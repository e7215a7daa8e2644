package mongodoc_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
	"github.com/tokengraft/tokengraft/enrich/mongodoc"
)

// BenchmarkLookup measures a lookup over a real connection, with a server that answers at
// once and allocates nothing: of a document that the command of [mongodoc.Source] reads, and
// by the driver's own operation, which a compressor makes necessary.
func BenchmarkLookup(b *testing.B) {
	for _, size := range []int{100, 1 << 10, 4 << 10, 16 << 10} {
		b.Run(fmt.Sprint(size, " bytes"), func(b *testing.B) { benchmarkLookup(b, size, "") })
	}
	b.Run("1024 bytes with the driver's operation", func(b *testing.B) { benchmarkLookup(b, 1<<10, "?compressors=zlib") })
}

func benchmarkLookup(b *testing.B, size int, options string) {
	source, err := mongodoc.Open(mongodoc.Options{
		URI: "mongodb://" + serveDocument(b, benchDocument(b, size)) + "/" + options, Database: "d", Collection: "c", Field: "user_id", Timeout: 5 * time.Second,
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = source.Close(context.Background()) })
	ctx := context.WithoutCancel(b.Context())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := source.Lookup(ctx, enrich.Query{User: anna}); err != nil {
			b.Fatal(err)
		}
	}
}

// benchDocument returns a document of about this size in JSON, with many small members.
func benchDocument(b testing.TB, size int) []byte {
	text := `{"_id":{"$oid":"65a1b2c3d4e5f60718293a4b"},"user_id":"anna"`
	for n := 0; len(text) < size-20; n++ {
		text += fmt.Sprintf(`,"member%d":{"text":"%s","n":%d}`, n, strings.Repeat("x", 20), n)
	}
	doc, err := bsonjson.Parse([]byte(text + "}"))
	if err != nil {
		b.Fatal(err)
	}
	return doc
}

// serveDocument answers every find with the document, and returns its address.
func serveDocument(b testing.TB, doc []byte) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = listener.Close() })
	build, batch := bsoncore.BuildDocument, bsoncore.BuildArray(nil, bsoncore.Value{Type: bsoncore.TypeEmbeddedDocument, Data: doc})
	ok := bsoncore.AppendDoubleElement(nil, "ok", 1)
	hello := bsoncore.AppendBooleanElement(ok, "isWritablePrimary", true)
	hello = bsoncore.AppendInt32Element(bsoncore.AppendInt32Element(hello, "maxWireVersion", 21), "minWireVersion", 0)
	hello = bsoncore.AppendInt32Element(hello, "maxMessageSizeBytes", 48<<20)
	cursor := bsoncore.AppendInt64Element(bsoncore.AppendArrayElement(nil, "firstBatch", batch), "id", 0)
	found := bsoncore.AppendDocumentElement(ok[:len(ok):len(ok)], "cursor", build(nil, cursor))
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go answerAll(c, build(nil, hello), build(nil, found))
		}
	}()
	return listener.Addr().String()
}

func answerAll(c net.Conn, hello, found []byte) {
	defer c.Close()
	in, message, out := bufio.NewReader(c), make([]byte, 64<<10), make([]byte, 0, 64<<10)
	for {
		if _, err := io.ReadFull(in, message[:16]); err != nil {
			return
		}
		body := message[16:binary.LittleEndian.Uint32(message)]
		if _, err := io.ReadFull(in, body); err != nil {
			return
		}
		out = append(out[:0], make([]byte, 36)...)
		answer := hello
		switch isQuery := message[12] == 0xd4; { // OP_QUERY, 2004
		case isQuery:
			out[12], out[32] = 1, 1 // OP_REPLY, with one document
		case string(body[10:15]) == "find\x00":
			answer = found
			fallthrough
		default:
			out = out[:21]
			out[12], out[13] = 0xdd, 0x07 // OP_MSG
			if body[2] != 0 {
				time.Sleep(time.Second) // a hello that waits for changes
			}
		}
		out = append(out, answer...)
		binary.LittleEndian.PutUint32(out, uint32(len(out)))
		copy(out[8:], message[4:8])
		if _, err := c.Write(out); err != nil {
			return
		}
	}
}
