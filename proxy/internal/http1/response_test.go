package http1_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tokengraft/tokengraft/proxy/internal/http1"
)

func TestResponse_EarlyOnesAreReported(t *testing.T) {
	early := "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
	for _, n := range []int{0, 1, 1000} {
		b := startBackend(t, answering(strings.Repeat(early, n)+okay))
		got := 0
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{Got1xxResponse: func(code int, header textproto.MIMEHeader) error {
			if code == 103 && header.Get("Link") == "</a>" {
				got++
			}
			return nil
		}})
		res, err := b.transport().RoundTrip(b.newRequest(t, ctx, "GET", nil))
		if err != nil || got != n || res.StatusCode != 200 {
			t.Errorf("%d early responses: %d reported, error %v", n, got, err)
		}
	}
}

func TestResponse_HeaderIsBounded(t *testing.T) {
	for _, early := range []bool{false, true} {
		text := "HTTP/1.1 200 OK\r\nA: " + strings.Repeat("a", 64<<10) + "\r\n\r\n"
		if early {
			text = strings.Repeat("HTTP/1.1 103 Early Hints\r\nA: "+strings.Repeat("a", 1<<10)+"\r\n\r\n", 64) + okay
		}
		b := startBackend(t, answering(text))
		if _, _, err := b.get(t, b.transport()); err == nil || !strings.Contains(err.Error(), "larger than 32768 bytes") {
			t.Errorf("got %v, want the limit", err)
		}
	}
}

func TestResponse_NamesAreLearnedInTheirSpelling(t *testing.T) {
	waits := make(chan struct{}, 100) // it can wait again without new bytes
	b := startBackend(t, func(p *peer) {
		p.request()
		for _, part := range []string{"HTTP/1.1 103 Early\r\nX-ID", ": 1\r\n\r\nHTTP/1.1 200 OK\r", "\nWWW-Auth: a\r\ncontent-length: 4\r\n", "\r\nX: Y"} {
			<-waits // until the parts before were read
			p.send(part)
		}
	})
	var names []string
	transport := b.transport()
	wrapConns(transport, func(c *net.TCPConn) net.Conn {
		return hookedConn{TCPConn: c, beforeWait: func() { waits <- struct{}{} }}
	})
	transport.Learn = func(name []byte) { names = append(names, string(name)) }
	b.want(t, transport, "X: Y")
	if want := []string{"X-ID", "WWW-Auth", "content-length"}; !slices.Equal(names, want) {
		t.Errorf("learned %q, want %q", names, want)
	}
}

// A body waits only after everything before has been handed out, and not at all if it is
// complete.
func TestWait_ComesBeforeTheBackendSendsTheRest(t *testing.T) {
	chunks := "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: A\r\n\r\n2\r\nab\r\n"
	length := "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"
	tests := []struct {
		name, first, rest string
		want              string // what was read before each wait
	}{
		{"complete", length + "abcd", "", "[]"},
		{"complete in chunks", chunks + "0\r\nA: b\r\n\r\n", "", "[]"},
		{"after the header", length, "abcd", "[0]"},
		{"after half", length + "ab", "cd", "[2]"},
		{"after a chunk", chunks, "2\r\ncd\r\n0\r\n\r\n", "[2]"},
		{"until the end", "HTTP/1.1 200 OK\r\n\r\nab", "cd", "[2 4]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			goOn := make(chan struct{})
			proceed := sync.OnceFunc(func() { close(goOn) })
			done := make(chan struct{}) // then the backend closes the connection
			finish := sync.OnceFunc(func() { close(done) })
			b := startBackend(t, func(p *peer) {
				p.request()
				p.send(tt.first)
				<-goOn
				p.send(tt.rest)
				<-done
			})
			res, err := b.transport().RoundTrip(b.newRequest(t, t.Context(), "GET", nil))
			if err != nil {
				t.Fatal(err)
			}
			read := 0
			var waits []int
			res.Body.(http1.Waiter).OnWait(observer(func() {
				if len(waits) == 0 || waits[len(waits)-1] != read { // it can wait again without new bytes
					waits = append(waits, read)
				}
				proceed()
				if read == 4 {
					finish()
				}
			}))
			buffer := make([]byte, 100)
			for err == nil {
				var n int
				n, err = res.Body.Read(buffer)
				read += n
			}
			proceed()
			finish()
			if got := fmt.Sprint(waits); err != io.EOF || got != tt.want {
				t.Errorf("waited after %s, then %v; want %s and EOF", got, err, tt.want)
			}
		})
	}
}

// A short body is one read, although the buffer for headers has only its start.
func TestBody_IsReadInFewParts(t *testing.T) {
	const size = 20 << 10
	b := startBackend(t, answering(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", size, strings.Repeat("a", size))))
	transport := b.transport()
	arrived := watch(transport)
	res, err := transport.RoundTrip(b.newRequest(t, context.Background(), "GET", nil))
	if err != nil {
		t.Fatal(err)
	}
	arrived.wait(t, size-4<<10) // the buffer has at most 4 KiB of it
	if n, err := res.Body.Read(make([]byte, 32<<10)); n != size || err != io.EOF {
		t.Errorf("the first read has %d bytes, %v; want %d and the end", n, err, size)
	}
}

func BenchmarkRoundTrip(b *testing.B) {
	backend := startBackend(b, answering("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: Mon, 30 Nov 2026 00:00:00 GMT\r\nContent-Length: 1000\r\n\r\n"+strings.Repeat("a", 1000)))
	lean := backend.transport()
	for name, transport := range map[string]http.RoundTripper{"http1": lean, "net-http": &http.Transport{DisableCompression: true}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			buffer := make([]byte, 4<<10)
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			r := backend.newRequest(b, ctx, "GET", nil)
			for b.Loop() {
				res, err := transport.RoundTrip(r)
				if err != nil {
					b.Fatal(err)
				}
				for err == nil {
					_, err = res.Body.Read(buffer)
				}
				res.Body.Close()
			}
		})
	}
}

// An observer is a function that is called before a body waits.
type observer func()

func (o observer) BeforeWait() { o() }
