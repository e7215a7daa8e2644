package cli

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/certs/certstest"
)

// startTLS runs a sidecar that speaks TLS by the authority's files server.pem and
// server.key, in front of a backend that says what it was told of the client.
func startTLS(t *testing.T, a *certstest.Authority) (address string) {
	t.Helper()
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.Header.Get("X-Forwarded-Proto"))
	}))
	t.Cleanup(backend.Close)
	address, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	startSidecar(t, fmt.Sprintf(`listen: %s
backend: %s
admin: off
tls: {cert_file: %s/server.pem, key_file: %[3]s/server.key}
rules: [{match: POST /login, tokens: ["json:token"]}]
verify: {secret: %q}
documents: {file: users.json, user_id_field: id}
`, address, backend.URL, a.Dir, enrichtest.Secret), `[]`)
	waitForAddress(t, address)
	return address
}

func TestClientsSpeakTLSAndHTTP2(t *testing.T) {
	a := certstest.New(t)
	a.Write(t, "server", "127.0.0.1", 100*time.Hour)
	address := startTLS(t, a)
	for _, c := range []struct {
		most  uint16 // TLS version that the client speaks
		http2 bool
		want  string
	}{
		{tls.VersionTLS13, true, "HTTP/2.0 https"},
		{tls.VersionTLS12, true, "HTTP/2.0 https"},
		{tls.VersionTLS13, false, "HTTP/1.1 https"},
		{tls.VersionTLS11, false, "refused"},
	} {
		client := &http.Client{Transport: &http.Transport{
			TLSClientConfig:   &tls.Config{RootCAs: a.Pool, MinVersion: tls.VersionTLS10, MaxVersion: c.most},
			ForceAttemptHTTP2: c.http2,
		}}
		got := "refused"
		if response, err := client.Get("https://" + address + "/"); err == nil {
			body, _ := io.ReadAll(response.Body)
			response.Body.Close()
			got = response.Proto + " " + string(body)
		}
		client.CloseIdleConnections()
		if got != c.want {
			t.Errorf("%s, http2 %v: %s, want %s", tls.VersionName(c.most), c.http2, got, c.want)
		}
	}
}

func TestARenewedCertificateIsShownWithoutARestart(t *testing.T) {
	a := certstest.New(t)
	a.Write(t, "server", "before.test", 100*time.Hour)
	address := startTLS(t, a)
	old := dialTLS(t, a, address)
	if got := old.ConnectionState().PeerCertificates[0].Subject.CommonName; got != "before.test" {
		t.Fatalf("shows the certificate of %s", got)
	}
	a.Write(t, "server", "after.test", 100*time.Hour)
	renewed := false
	for end := time.Now().Add(30 * time.Second); !renewed && time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		renewed = dialTLS(t, a, address).ConnectionState().PeerCertificates[0].Subject.CommonName == "after.test"
	}
	if !renewed {
		t.Error("new handshakes show the certificate from before")
	}
	fmt.Fprintf(old, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", address)
	response, err := http.ReadResponse(bufio.NewReader(old), nil)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Errorf("on the connection from before: %v, %v", response, err)
	}
}

func dialTLS(t *testing.T, a *certstest.Authority, address string) *tls.Conn {
	t.Helper()
	// Which name it is for is what the test asks.
	conn, err := tls.Dial("tcp", address, &tls.Config{RootCAs: a.Pool, InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// mutual is a backend that wants a certificate of its clients, for everything:
// logins and its JWK Set.
func mutual(t *testing.T, a *certstest.Authority) (address string) {
	t.Helper()
	issuer := enrichtest.NewIssuer(t, "ES256")
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Path {
		case "/jwks.json":
			w.Write(issuer.JWKS())
		case "/login":
			fmt.Fprintf(w, `{"token":%q}`, issuer.Token(fmt.Sprintf(`{"sub":"u1","exp":%d}`, time.Now().Add(time.Hour).Unix())))
		}
	}))
	server.TLS = &tls.Config{
		Certificates: []tls.Certificate{a.Pair(t, "backend", "backend.test")},
		ClientAuth:   tls.RequireAndVerifyClientCert, ClientCAs: a.Pool,
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL
}

func TestABackendThatWantsACertificate(t *testing.T) {
	a := certstest.New(t)
	backend := mutual(t, a)
	a.Write(t, "client", "sidecar", 100*time.Hour)
	certstest.New(t).Write(t, "stranger", "sidecar", 100*time.Hour)
	ca, client := "ca_file: "+a.Dir+"/ca.pem", "cert_file: "+a.Dir+"/client.pem, key_file: "+a.Dir+"/client.key"
	for _, c := range []struct {
		name, settings string
		status         int
		advice         string // of check
	}{
		{"shown", "{" + ca + ", " + client + ", server_name: backend.test}", http.StatusOK, ""},
		{"not shown", "{" + ca + ", server_name: backend.test}", http.StatusBadGateway, "backend_tls.cert_file"},
		{"of an unknown authority", "{" + client + ", server_name: backend.test}", http.StatusBadGateway, "backend_tls.ca_file"},
		{"of another name", "{" + ca + ", " + client + "}", http.StatusBadGateway, "backend_tls.server_name"},
	} {
		t.Run(c.name, func(t *testing.T) {
			address, err := freeAddress()
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			configuration := fmt.Sprintf(`listen: %s
backend: %s
admin: off
backend_tls: %s
rules: [{match: POST /login, tokens: ["json:token"]}]
verify: {jwks: %[2]s/jwks.json}
sign: {keys: %[4]s/keys}
documents: {file: %[4]s/users.json, user_id_field: id}
`, address, backend, c.settings, dir)
			users := `[{"id":"u1","lang":"en"}]`
			file := filepath.Join(dir, "tokengraft.yaml")
			for name, text := range map[string]string{file: configuration, filepath.Join(dir, "users.json"): users} {
				if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			checkAdvises(t, file, c.advice)
			startSidecar(t, configuration, users)
			waitForAddress(t, address)
			response, err := http.Post("http://"+address+"/login", "", nil)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			if response.StatusCode != c.status {
				t.Fatalf("login: %s, want %d", response.Status, c.status)
			}
			var body struct{ Token string }
			json.NewDecoder(response.Body).Decode(&body)
			if token, _ := enrich.ParseToken(body.Token); c.status == http.StatusOK && string(token.Claim("custom_data")) != `{"id":"u1","lang":"en"}` {
				t.Errorf("login: the token has %s; the keys are had over the same TLS", token.Claim("custom_data"))
			}
		})
	}
}

// checkAdvises runs check, which is to find no fault of the backend, or one with
// this advice.
func checkAdvises(t *testing.T, file, advice string) {
	t.Helper()
	var out strings.Builder
	code := Run(t.Context(), []string{"check", "-c", file}, strings.NewReader(""), &out, io.Discard)
	if want := advice != ""; (code == exitFault) != want || !strings.Contains(out.String(), advice) {
		t.Errorf("check: exit code %d, want advice %q:\n%s", code, advice, &out)
	}
}

func TestCertificatesThatCannotBeReadStopTheStart(t *testing.T) {
	a := certstest.New(t)
	certFile, keyFile := a.Write(t, "server", "host", 100*time.Hour)
	_, otherKey := a.Write(t, "other", "other", time.Hour)
	for _, c := range []struct{ settings, want string }{
		{"tls: {cert_file: absent.pem, key_file: " + keyFile + "}", ":3:18: tls.cert_file: "},
		{"tls: {cert_file: " + certFile + ", key_file: " + otherKey + "}", "tls.key_file: "},
		{"backend_tls: {ca_file: " + keyFile + "}", ":3:24: backend_tls.ca_file: "},
	} {
		file := filepath.Join(t.TempDir(), "tokengraft.yaml")
		configuration := fmt.Sprintf(`listen: 127.0.0.1:0
backend: https://127.0.0.1:1
%s
rules: [{match: POST /login, tokens: ["json:token"]}]
verify: {secret: %q}
documents: {file: users.json, user_id_field: id}
`, c.settings, enrichtest.Secret)
		if err := os.WriteFile(file, []byte(configuration), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, command := range []string{"serve", "check"} {
			var out strings.Builder
			code := Run(t.Context(), []string{command, "-c", file}, strings.NewReader(""), &out, &out)
			if code != exitFault || !strings.Contains(out.String(), c.want) {
				t.Errorf("%s with %s: exit code %d, want %d and %q:\n%s", command, c.settings, code, exitFault, c.want, &out)
			}
		}
	}
}

func TestCheckSaysThatACertificateEnds(t *testing.T) {
	a := certstest.New(t)
	certFile, keyFile := a.Write(t, "server", "host", -time.Hour)
	var out strings.Builder
	file := filepath.Join(t.TempDir(), "tokengraft.yaml")
	configuration := fmt.Sprintf("listen: 127.0.0.1:0\nbackend: http://127.0.0.1:1\ntls: {cert_file: %s, key_file: %s}\n"+
		"rules: [{match: POST /login, tokens: ['json:token']}]\nverify: {secret: %q}\ndocuments: {file: users.json, user_id_field: id}\n", certFile, keyFile, enrichtest.Secret)
	if err := os.WriteFile(file, []byte(configuration), 0o600); err != nil {
		t.Fatal(err)
	}
	Run(t.Context(), []string{"check", "-c", file}, strings.NewReader(""), &out, io.Discard)
	if !strings.Contains(out.String(), ":3:18: tls.cert_file: the certificate expired at ") {
		t.Errorf("check says nothing of an expired certificate:\n%s", &out)
	}
}
