package walkthrough_test

import (
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// waitFor is the script command waitfor HOST:PORT. It waits until the address accepts
// connections.
func waitFor(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: waitfor HOST:PORT")
	}
	if err := dialUntil(args[0]); err != nil {
		ts.Fatalf("%v", err)
	}
}

// appendFile is the script command append FILE MORE. It appends one file to another.
func appendFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: append FILE MORE")
	}
	text := ts.ReadFile(args[0]) + ts.ReadFile(args[1])
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

// dialUntil waits until an address accepts connections.
func dialUntil(address string) (err error) {
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(25 * time.Millisecond) {
		var conn net.Conn
		if conn, err = net.DialTimeout("tcp", address, time.Second); err == nil {
			return conn.Close()
		}
	}
	return err
}

// waitMetric is the script command waitmetric HOST:PORT LINE. It waits until a line of
// the metrics matches the regular expression LINE.
func waitMetric(ts *testscript.TestScript, _ bool, args []string) {
	wanted, err := regexp.Compile("(?m)^" + args[1] + "$")
	ts.Check(err)
	var text []byte
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if response, err := http.Get("http://" + args[0] + "/metrics"); err == nil {
			text, _ = io.ReadAll(response.Body)
			response.Body.Close()
			if wanted.Match(text) {
				return
			}
		}
	}
	ts.Fatalf("waited a minute for a line that matches %s in\n%s", args[1], text)
}

// copyDir is the script command copydir FROM TO.
func copyDir(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(os.CopyFS(ts.MkAbs(args[1]), os.DirFS(args[0])))
}
