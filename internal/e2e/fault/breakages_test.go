package fault_test

import (
	"fmt"
	"io"
	"net"
	"os/exec"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/internal/e2e"
	"github.com/tokengraft/tokengraft/internal/e2e/toxic"
)

// A breakage is how a fault begins and ends at a link.
type breakage struct {
	wrapper []string // a command line that runs the sidecar
	begin   func(*testing.T, *env, *toxic.Link)
	end     func(*testing.T, *env, *toxic.Link) // nil: it lasts
}

// spoil is a fault that toxiproxy makes.
func spoil(with string) breakage {
	return breakage{
		begin: func(t *testing.T, _ *env, link *toxic.Link) { link.Spoil(t, with) },
		end:   func(t *testing.T, _ *env, link *toxic.Link) { link.Heal(t) },
	}
}

// delayBackend has net/http see that the client is gone before there is an
// answer: it takes the end of what it reads for that.
var delayBackend = breakage{
	begin: func(t *testing.T, e *env, _ *toxic.Link) { e.backend.Spoil(t, toxic.Latency(300*time.Millisecond)) },
	end:   func(t *testing.T, e *env, _ *toxic.Link) { e.backend.Heal(t) },
}

var restartBackend = breakage{
	begin: func(_ *testing.T, e *env, _ *toxic.Link) {
		e.auth.CloseClientConnections()
		e.auth.Close()
	},
	end: func(t *testing.T, e *env, link *toxic.Link) {
		e.startBackend(t)
		link.Lead(t, e.backendAddress())
	},
}

var restartMongo = breakage{
	begin: func(_ *testing.T, e *env, _ *toxic.Link) { e.database.kill() },
	end: func(t *testing.T, e *env, link *toxic.Link) {
		e.database.start(t)
		link.Lead(t, e.mongoAddress())
	},
}

// closeHalf puts a server in a party's place that ends its half of every
// connection at once, and reads on.
func closeHalf(party func(*env) string) breakage {
	return breakage{
		begin: func(t *testing.T, _ *env, link *toxic.Link) { link.Lead(t, startHalfClosed(t)) },
		end:   func(t *testing.T, e *env, link *toxic.Link) { link.Lead(t, party(e)) },
	}
}

func startHalfClosed(t *testing.T) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			conn.(*net.TCPConn).CloseWrite()
			go func() {
				io.Copy(io.Discard, conn)
				conn.Close()
			}()
		}
	}()
	return listener.Addr().String()
}

// misname gives a party a name that does not resolve.
func misname(party func(*hosts)) breakage {
	return breakage{begin: func(_ *testing.T, e *env, _ *toxic.Link) { party(&e.hosts) }}
}

// answerKeys has something else answer for the JWK Set.
func answerKeys(response e2e.Response) breakage {
	return breakage{
		begin: func(_ *testing.T, e *env, _ *toxic.Link) { e.keys.Handle("/jwks.json", response) },
		end:   func(_ *testing.T, e *env, _ *toxic.Link) { e.keys.Handle("/jwks.json", e.issuer.Load()) },
	}
}

// rotateUnseen gives the backend another key, and nobody can ask for it.
var rotateUnseen = breakage{
	begin: func(t *testing.T, e *env, link *toxic.Link) {
		link.Spoil(t, toxic.Reset)
		e.rotate(t)
	},
	end: func(t *testing.T, _ *env, link *toxic.Link) { link.Heal(t) },
}

// limitFiles stands for a full disk: a small file system would need root.
var limitFiles = breakage{
	wrapper: []string{"sh", "-c", `ulimit -S -f 0; exec "$@"`, "sh"},
	begin:   func(*testing.T, *env, *toxic.Link) {},
	end: func(t *testing.T, e *env, _ *toxic.Link) {
		out, err := exec.Command("prlimit", "--pid", fmt.Sprint(e.Process().Pid), "--fsize=unlimited").CombinedOutput()
		if err != nil {
			t.Skipf("SKIPPED, HOW IT HEALS WAS NOT TESTED: prlimit of util-linux: %v %s", err, out)
		}
	},
}

// jump sets the backend's clock.
func jump(by time.Duration) breakage {
	return breakage{
		begin: func(_ *testing.T, e *env, _ *toxic.Link) { e.jump.Store(int64(by)) },
		end:   func(_ *testing.T, e *env, _ *toxic.Link) { e.jump.Store(0) },
	}
}
