package tls_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/certs/certstest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

func TestMain(m *testing.M) { e2e.Main(m) }

// start starts a sidecar with the authority's certificate server.pem. Its backend
// returns the X-Forwarded-Proto of the request.
func start(t *testing.T, a *certstest.Authority) e2e.Address {
	t.Helper()
	backend := e2e.StartBackend(t)
	backend.Handle("/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.Header.Get("X-Forwarded-Proto"))
	}))
	return e2e.Start(t, e2e.Options{
		Configuration: fmt.Sprintf(`backend: %s
admin: off
tls: {cert_file: %s/server.pem, key_file: %[2]s/server.key}
rules: [{match: POST /login, tokens: ["json:token"]}]
verify: {secret: %q}
documents: {file: users.json, user_id_field: id}
`, backend.URL, a.Dir, enrichtest.Secret),
		Documents: `[]`,
	}).Public
}

func TestTLS_ListenerAcceptsTLS13And12AndHTTP2(t *testing.T) {
	t.Parallel()
	a := certstest.New(t)
	a.Write(t, "server", "127.0.0.1", 100*time.Hour)
	address := start(t, a)
	for _, c := range []struct {
		version uint16 // the client's highest version
		http2   bool
		want    string
	}{
		{tls.VersionTLS13, true, "HTTP/2.0 https"},
		{tls.VersionTLS12, true, "HTTP/2.0 https"},
		{tls.VersionTLS13, false, "HTTP/1.1 https"},
		{tls.VersionTLS11, false, "refused"},
	} {
		client := &http.Client{Transport: &http.Transport{
			TLSClientConfig:   &tls.Config{RootCAs: a.Pool, MinVersion: tls.VersionTLS10, MaxVersion: c.version},
			ForceAttemptHTTP2: c.http2,
		}}
		got := "refused"
		if response, err := client.Get("https://" + string(address) + "/"); err == nil {
			body, _ := io.ReadAll(response.Body)
			response.Body.Close()
			got = response.Proto + " " + string(body)
		}
		client.CloseIdleConnections()
		if got != c.want {
			t.Errorf("a client with %s, HTTP/2 %v: got %s, want %s", tls.VersionName(c.version), c.http2, got, c.want)
		}
	}
}

func TestTLS_UsesARenewedCertificateWithoutARestart(t *testing.T) {
	t.Parallel()
	a := certstest.New(t)
	a.Write(t, "server", "before.test", 100*time.Hour)
	address := start(t, a)
	old := dial(t, a, address)
	if got := certificateName(old); got != "before.test" {
		t.Fatalf("a handshake: got the certificate of %s, want before.test", got)
	}
	a.Write(t, "server", "after.test", 100*time.Hour)
	got := ""
	for end := time.Now().Add(30 * time.Second); got != "after.test" && time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		got = certificateName(dial(t, a, address))
	}
	if got != "after.test" {
		t.Errorf("a handshake 30 s after the renewal: got the certificate of %s, want after.test", got)
	}
	fmt.Fprintf(old, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", address)
	response, err := http.ReadResponse(bufio.NewReader(old), nil)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Errorf("GET / on a connection from before the renewal: got %v, %v; want 200", response, err)
	}
}

func dial(t *testing.T, a *certstest.Authority, address e2e.Address) *tls.Conn {
	t.Helper()
	// The caller compares the name.
	conn, err := tls.Dial("tcp", string(address), &tls.Config{RootCAs: a.Pool, InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// certificateName returns the name in the certificate of a connection's server.
func certificateName(conn *tls.Conn) string {
	return conn.ConnectionState().PeerCertificates[0].Subject.CommonName
}
