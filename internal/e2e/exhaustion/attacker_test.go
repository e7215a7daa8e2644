package exhaustion_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/internal/e2e"
)

// attackerPrefix starts the names of attackers' accounts.
const attackerPrefix = "mallory"

// An attacker attacks until its context ends.
type attacker struct {
	ctx    context.Context
	t      *testing.T
	at     e2e.Address
	from   []net.IP                      // its addresses
	tls    *tls.Config                   // nil without TLS
	tokens map[string]string             // a genuine enriched token of each algorithm
	reload func() (time.Duration, error) // see program.reload

	mu    sync.Mutex
	count map[string]int // answers by status, and ends of connections
	bytes atomic.Int64
	dials atomic.Int64
}

// sent summarizes what happened.
func (a *attacker) sent() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var parts []string
	for _, what := range slices.Sorted(maps.Keys(a.count)) {
		parts = append(parts, fmt.Sprintf("%d × %s", a.count[what], what))
	}
	return fmt.Sprintf("%d MiB: %s", a.bytes.Load()>>20, strings.Join(parts, ", "))
}

func (a *attacker) note(what string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.count == nil {
		a.count = map[string]int{}
	}
	a.count[what]++
}

// eachOf calls do in n goroutines again and again, and waits for them. It pauses in
// between, because the users and the backend need processors too.
func (a *attacker) eachOf(n int, do func(i int)) {
	var running sync.WaitGroup
	for i := range n {
		running.Go(func() {
			for a.ctx.Err() == nil {
				do(i)
				a.pause(700 * time.Millisecond)
			}
		})
	}
	running.Wait()
}

// pause waits, or returns when the attack ends.
func (a *attacker) pause(d time.Duration) {
	select {
	case <-a.ctx.Done():
	case <-time.After(d):
	}
}

// perSecond calls do at a rate, at most 32 at a time, and waits for them.
func (a *attacker) perSecond(rate int, do func(i int)) {
	slots := make(chan bool, 32)
	var running sync.WaitGroup
	tick := time.NewTicker(time.Second / time.Duration(rate))
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-a.ctx.Done():
			running.Wait()
			return
		case <-tick.C:
		}
		select {
		case slots <- true:
			running.Go(func() { do(i); <-slots })
		default:
		}
	}
}

// connect opens a connection from the next address of the attacker.
func (a *attacker) connect(ctx context.Context, network, address string) (net.Conn, error) {
	from := a.from[int(a.dials.Add(1))%len(a.from)]
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: from}, Timeout: 5 * time.Second}
	return dialer.DialContext(ctx, network, address)
}

// dial opens a connection that is closed when the attack ends. It speaks TLS if the
// program does.
func (a *attacker) dial() (conn net.Conn, closed func()) {
	tcp, closed := a.dialTCP()
	if tcp == nil || a.tls == nil {
		return tcp, closed
	}
	return tls.Client(tcp, a.tls), closed
}

// dialTCP opens a connection without TLS.
func (a *attacker) dialTCP() (conn net.Conn, closed func()) {
	conn, err := a.connect(a.ctx, "tcp", string(a.at))
	if err != nil {
		if a.ctx.Err() == nil {
			a.note("no connection")
		}
		return nil, nil
	}
	stop := context.AfterFunc(a.ctx, func() { conn.Close() })
	return conn, func() { stop(); conn.Close() }
}

// below returns the connection that carries another.
func below(conn net.Conn) *net.TCPConn {
	if t, ok := conn.(*tls.Conn); ok {
		conn = t.NetConn()
	}
	return conn.(*net.TCPConn)
}

// write sends a text on a new connection, then trickle every second, and notes the
// status of the answer. It returns when the other side or the attack ends the
// connection.
func (a *attacker) write(text, trickle string) {
	conn, closed := a.dial()
	if conn == nil {
		return
	}
	defer closed()
	a.writeTo(conn, text, trickle)
}

func (a *attacker) writeTo(conn net.Conn, text, trickle string) {
	go func() {
		n, err := io.WriteString(conn, text)
		a.bytes.Add(int64(n))
		for err == nil && trickle != "" && a.ctx.Err() == nil {
			a.pause(time.Second)
			_, err = io.WriteString(conn, trickle)
		}
	}()
	a.noteAnswer(bufio.NewReader(conn))
}

// noteAnswer reads one answer and notes its status.
func (a *attacker) noteAnswer(r *bufio.Reader) {
	response, err := http.ReadResponse(r, nil)
	switch {
	case err == nil:
		io.Copy(io.Discard, response.Body)
		a.note(fmt.Sprint(response.StatusCode))
	case a.ctx.Err() != nil:
		a.note("held to the end")
	default:
		a.note("closed")
	}
}

// ask sends a request and notes the status of its answer.
func (a *attacker) ask(method, path, body string, lines ...string) {
	text := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: %d\r\n%s\r\n%s", method, path, len(body), headerLines(lines), body)
	a.write(text, "")
}

func headerLines(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\r\n") + "\r\n"
}

const formType = "Content-Type: application/x-www-form-urlencoded"
