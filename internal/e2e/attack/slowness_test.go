package attack_test

import (
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

// attackSlowly shows that connections which never send a whole header are
// closed, and that others log in meanwhile.
func attackSlowly(t *testing.T, s *suite) {
	issuer := enrichtest.NewIssuer(t, "ES256")
	backend := startBackend(t, issuer)
	v := s.start(t, usual(backend.URL), "["+annas+"]")
	began := time.Now()
	var waiting sync.WaitGroup
	n := flood(150, 900)
	for i := range n {
		conn, err := v.Public.Dial()
		if err != nil {
			t.Fatal(err)
		}
		conn.SetDeadline(time.Now().Add(2 * time.Minute))
		waiting.Go(func() {
			defer conn.Close()
			switch i % 3 {
			case 1: // the others send nothing
				io.WriteString(conn, "POST /login HTTP/1.1\r\nHost: h\r\nX-Half: ")
			case 2:
				go drip(conn)
			}
			if _, err := io.Copy(io.Discard, conn); e2e.IsTimeout(err) {
				t.Errorf("connection %d was left open", i)
			}
		})
	}
	original := issuer.Token(claimsOf(quoted(anna), ""))
	if enriched := v.issue(t, original); enriched == original {
		t.Error("meanwhile a login was not enriched")
	}
	loggedIn := time.Since(began)
	waiting.Wait()
	took := time.Since(began)
	s.report(row{"slowloris", fmt.Sprintf("%d connections: silent, half a header, a byte a second", n), fmt.Sprintf("closed after %s, a login meanwhile took %s", took.Round(time.Second), loggedIn.Round(100*time.Millisecond)), "G3"})
	if took > time.Minute {
		t.Errorf("closed after %v, want about 10s", took)
	}
}

// drip sends a header that does not end, a byte a second.
func drip(conn net.Conn) {
	io.WriteString(conn, "GET / HTTP/1.1\r\nHost: h\r\nX: ")
	for {
		if _, err := io.WriteString(conn, "x"); err != nil {
			return
		}
		time.Sleep(time.Second)
	}
}
