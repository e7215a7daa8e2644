package attack_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

// A slowRow is many connections that never send a whole header. The sidecar must close
// them, and other clients must be able to log in meanwhile.
type slowRow struct {
	short, full int // number of connections
	each        []slowConnection
	within      time.Duration
}

// A slowConnection sends the start of a header. Then it sends a byte at every interval,
// or nothing if that is zero.
type slowConnection struct {
	name, begin string
	every       time.Duration
}

var slowloris = kind{"slowloris", "G3"}

var slowRows = []slowRow{
	{150, 900, []slowConnection{
		{"no bytes", "", 0},
		{"half a header", "POST /login HTTP/1.1\r\nHost: h\r\nX-Half: ", 0},
		{"a byte a second", "GET / HTTP/1.1\r\nHost: h\r\nX: ", time.Second},
	}, time.Minute},
}

// attackSlowly checks that the sidecar closes slow connections, and that they do not
// block other clients.
func (s *suite) attackSlowly(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "ES256")
	tg := s.start(t, usual(startBackend(t, issuer).URL), "["+annas+"]")
	for _, row := range slowRows {
		s.run(t, slowloris, row.String(), func(t *testing.T) (happens string) { return row.run(t, tg, issuer) })
	}
}

func (row slowRow) String() string {
	var names []string
	for _, c := range row.each {
		names = append(names, c.name)
	}
	return fmt.Sprintf("%d connections: %s", size(row.short, row.full), strings.Join(names, ", "))
}

func (row slowRow) run(t *testing.T, tg *target, issuer *enrichtest.Issuer) (happens string) {
	start := time.Now()
	var open sync.WaitGroup
	defer open.Wait()
	for i := range size(row.short, row.full) {
		conn, err := tg.Public.Dial()
		if err != nil {
			t.Fatal(err)
		}
		conn.SetDeadline(time.Now().Add(2 * row.within))
		open.Go(func() {
			defer conn.Close()
			go row.each[i%len(row.each)].send(conn)
			if _, err := io.Copy(io.Discard, conn); e2e.IsTimeout(err) {
				t.Errorf("connection %d is still open, want it closed", i)
			}
		})
	}
	original := issuer.Token(claimsOf(quoted(anna), ""))
	if tg.issue(t, original) == original {
		t.Error("a login meanwhile: got the original token, want it enriched")
	}
	loggedIn := time.Since(start)
	open.Wait()
	took := time.Since(start)
	if took > row.within {
		t.Errorf("all connections were closed after %v, want at most %v", took, row.within)
	}
	return fmt.Sprintf("closed after %s; a login meanwhile took %s", took.Round(time.Second), loggedIn.Round(100*time.Millisecond))
}

func (c slowConnection) send(conn net.Conn) {
	_, err := io.WriteString(conn, c.begin)
	for ; err == nil && c.every > 0; _, err = io.WriteString(conn, "x") {
		time.Sleep(c.every)
	}
}
