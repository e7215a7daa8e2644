package cli_test

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A backend that answers HEAD with a body sends what no one asked for. No command prints
// it, because it could be a token.
func TestRun_PrintsNoUnsolicitedResponse(t *testing.T) {
	var printed bytes.Buffer
	log.SetOutput(&printed)
	defer log.SetOutput(os.Stderr)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	answered := make(chan bool, 10)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			conn.Read(make([]byte, 4096))
			io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
			time.Sleep(50 * time.Millisecond) // the connection is idle when the body arrives
			io.WriteString(conn, `"eyJ.b.c"`)
			io.Copy(io.Discard, conn) // to its end: net/http logs, and then closes the connection
			answered <- true
		}
	}()
	dir := t.TempDir()
	path := filepath.Join(dir, "tokengraft.yaml")
	text := fmt.Sprintf("listen: 127.0.0.1:0\nbackend: http://%s\nrules: [{match: POST /login, tokens: [body]}]\nverify: {secret: 0123456789abcdef0123456789abcdef}\nclaim: {include: [a]}\ndocuments: {file: users.json, user_id_field: id}\n", listener.Addr())
	for name, content := range map[string]string{path: text, filepath.Join(dir, "users.json"): "[]"} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if code, stdout, stderr := run(t, "check", "-c", path); code != exitOK {
		t.Errorf("check: exit code %d\n%s%s", code, stdout, stderr)
	}
	<-answered
	if printed.Len() > 0 {
		t.Errorf("printed %q, want nothing", printed.String())
	}
}
