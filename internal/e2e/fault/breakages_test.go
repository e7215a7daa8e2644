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

// A breakage starts and ends a fault.
type breakage struct {
	wrapper []string // a command line that runs the sidecar
	begin   func(*testing.T, *env, *toxic.Link)
	end     func(*testing.T, *env, *toxic.Link) // nil: the fault does not end
}

// disturb is a fault that toxiproxy makes in a link.
func disturb(with string) breakage {
	return breakage{
		begin: func(t *testing.T, _ *env, link *toxic.Link) { link.Disturb(t, with) },
		end:   func(t *testing.T, _ *env, link *toxic.Link) { link.Clear(t) },
	}
}

// delayBackend delays the response of the backend, so that the client closes its half
// of the connection before. net/http then treats the client as disconnected.
var delayBackend = breakage{
	begin: func(t *testing.T, e *env, _ *toxic.Link) { e.backend.Disturb(t, toxic.Latency(300*time.Millisecond)) },
	end:   func(t *testing.T, e *env, _ *toxic.Link) { e.backend.Clear(t) },
}

var restartBackend = breakage{
	begin: func(_ *testing.T, e *env, _ *toxic.Link) {
		e.auth.CloseClientConnections()
		e.auth.Close()
	},
	end: func(t *testing.T, e *env, link *toxic.Link) {
		e.startBackend(t)
		link.PointTo(t, e.backendAddress())
	},
}

var restartMongo = breakage{
	begin: func(_ *testing.T, e *env, _ *toxic.Link) { e.database.kill() },
	end: func(t *testing.T, e *env, link *toxic.Link) {
		e.database.start(t)
		link.PointTo(t, e.mongoAddress())
	},
}

// closeHalf replaces a server with one that closes its half of every connection at
// once, and continues to read. address returns the address of the real server.
func closeHalf(address func(*env) string) breakage {
	return breakage{
		begin: func(t *testing.T, _ *env, link *toxic.Link) { link.PointTo(t, startHalfClosed(t)) },
		end:   func(t *testing.T, e *env, link *toxic.Link) { link.PointTo(t, address(e)) },
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

// unresolvable gives a server a name that does not resolve. set sets the name.
func unresolvable(set func(*hosts)) breakage {
	return breakage{begin: func(_ *testing.T, e *env, _ *toxic.Link) { set(&e.hosts) }}
}

// answerKeys replaces the response at the JWKS address.
func answerKeys(response e2e.Response) breakage {
	return breakage{
		begin: func(_ *testing.T, e *env, _ *toxic.Link) { e.keys.Handle("/jwks.json", response) },
		end:   func(_ *testing.T, e *env, _ *toxic.Link) { e.keys.Handle("/jwks.json", e.issuer.Load()) },
	}
}

// rotateWhileUnreachable makes the JWKS unreachable, and then gives the backend a new
// key.
var rotateWhileUnreachable = breakage{
	begin: func(t *testing.T, e *env, link *toxic.Link) {
		link.Disturb(t, toxic.Reset)
		e.rotate(t)
	},
	end: func(t *testing.T, _ *env, link *toxic.Link) { link.Clear(t) },
}

// limitFiles allows only empty files. It simulates a full disk without root.
var limitFiles = breakage{
	wrapper: []string{"sh", "-c", `ulimit -S -f 0; exec "$@"`, "sh"},
	begin:   func(*testing.T, *env, *toxic.Link) {},
	end: func(t *testing.T, e *env, _ *toxic.Link) {
		out, err := exec.Command("prlimit", "--pid", fmt.Sprint(e.Process().Pid), "--fsize=unlimited").CombinedOutput()
		if err != nil {
			t.Skipf("SKIPPED, THE RECOVERY WAS NOT TESTED: prlimit failed; install util-linux: %v %s", err, out)
		}
	},
}

// jump moves the backend's clock.
func jump(by time.Duration) breakage {
	return breakage{
		begin: func(_ *testing.T, e *env, _ *toxic.Link) { e.jump.Store(int64(by)) },
		end:   func(_ *testing.T, e *env, _ *toxic.Link) { e.jump.Store(0) },
	}
}
