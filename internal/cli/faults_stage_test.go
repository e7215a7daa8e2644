package cli

import (
	"bufio"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
)

// What the sidecar of a stage waits for at most.
const (
	dialTimeout     = time.Second
	responseTimeout = 1500 * time.Millisecond
	mongoTimeout    = 800 * time.Millisecond // MongoDB shares two processors with all other stages
	patience        = 8 * time.Second        // of clients
)

// A stage is a sidecar with everything that it is connected with, and a link in
// each connection. It has the two policies, each at a rule of its own.
type stage struct {
	*process
	backend, client, jwks, mongo *link

	auth     *authBackend
	database *database
	hosts    hosts
	dir      string
	api      string // toxiproxy's
}

// hosts are where the sidecar is told that the others are, if not at the links.
type hosts struct{ backend, jwks, mongo string }

// newStage opens a stage around a MongoDB server, without the sidecar.
func newStage(t *testing.T, api string, db *database) *stage {
	t.Helper()
	s := &stage{api: api, database: db, auth: new(authBackend), dir: t.TempDir()}
	s.auth.rotate(t)
	s.backend = newLink(t, api, s.auth.serve(t))
	s.jwks = newLink(t, api, s.auth.serveKeys(t))
	s.mongo = newLink(t, api, db.address)
	s.hosts = hosts{s.backend.address, s.jwks.address, s.mongo.address}
	return s
}

// start starts the sidecar.
func (s *stage) start(t *testing.T, settings string, wrapper ...string) {
	t.Helper()
	s.process = startProcess(t, s.dir, fmt.Sprintf(`listen: 127.0.0.1:0
admin: 127.0.0.1:0
backend: http://%s
timeouts: {dial: %v, response: %v, idle: 200ms}
rules:
  - {match: POST /pass/token, tokens: ["json:access_token"], on_failure: pass}
  - {match: POST /refuse/token, tokens: ["json:access_token"], on_failure: refuse}
verify: {jwks: "http://%s/jwks.json"}
sign: {keys: keys}
documents: {mongodb: {uri: "mongodb://%s/", database: app, collection: users, timeout: %v}, user_id_field: id}
%s
`, s.hosts.backend, dialTimeout, responseTimeout, s.hosts.jwks, s.hosts.mongo, mongoTimeout, settings), wrapper...)
	s.client = newLink(t, s.api, s.public)
}

// An outcome is what a client gets.
type outcome string

const (
	enriched  outcome = "the enriched token"
	original  outcome = "the original token"
	brokenOff outcome = "the connection is broken off"
	noAnswer  outcome = "no answer"
)

// refresh asks for a token by the rule of a policy, as a client that has a
// refresh token: of those documents none comes from the cache.
func (s *stage) refresh(client *http.Client, address, policy string) outcome {
	response, err := client.Post("http://"+address+"/"+policy+"/token", "application/x-www-form-urlencoded", strings.NewReader("grant_type=refresh_token&refresh_token=r"))
	if err != nil {
		return lack(err)
	}
	return s.read(response)
}

func (s *stage) read(response *http.Response) outcome {
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return lack(err)
	}
	return s.judge(response.StatusCode, body)
}

// lack says how a client got nothing.
func lack(err error) outcome {
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return noAnswer
	}
	return brokenOff
}

func (s *stage) judge(status int, body []byte) outcome {
	if status != http.StatusOK {
		return outcome(fmt.Sprint(status))
	}
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return outcome("no JSON: " + err.Error())
	}
	if _, issued := s.auth.issued.Load(answer.Token); issued {
		return original
	}
	token, err := enrich.ParseToken(answer.Token)
	if err != nil || !strings.Contains(string(token.Claim("custom_data")), about) {
		return outcome("neither original nor enriched")
	}
	return enriched
}

// authBackend issues a token for each request. Its keys are at another address.
type authBackend struct {
	issuer atomic.Pointer[enrichtest.Issuer]
	issued sync.Map     // original tokens
	jump   atomic.Int64 // of its clock, in nanoseconds
	server *httptest.Server
	// spoilt, if it is set, answers for the JWKS.
	spoilt atomic.Pointer[func(http.ResponseWriter)]
}

// rotate gives it a key with another kid.
func (b *authBackend) rotate(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "ES256")
	issuer.KeyID = "key-" + rand.Text()
	b.issuer.Store(issuer)
}

func (b *authBackend) address() string { return b.server.Listener.Addr().String() }

// serve starts the backend and returns its address.
func (b *authBackend) serve(t *testing.T) string {
	b.server = httptest.NewServer(b)
	t.Cleanup(b.server.Close)
	return b.address()
}

// serveKeys starts what publishes the keys and returns its address.
func (b *authBackend) serveKeys(t *testing.T) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if spoilt := b.spoilt.Load(); spoilt != nil {
			(*spoilt)(w)
			return
		}
		b.issuer.Load().ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

func (b *authBackend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return
	}
	now := time.Now().Add(time.Duration(b.jump.Load()))
	token := b.issuer.Load().Token(fmt.Sprintf(`{"sub":"anna","iat":%d,"nbf":%[1]d,"exp":%d,"jti":%q}`, now.Unix(), now.Add(time.Hour).Unix(), rand.Text()))
	b.issued.Store(token, true)
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"access_token":%q}`, token)
}

// about is in anna's document, and takes a while at 1 KB/s.
var about = strings.Repeat("about anna ", 60)

// halfClosed is a server that ends its half of every connection at once, and
// reads on.
func halfClosed(t *testing.T) (address string) {
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

// impatient asks as a client that does not wait for long.
func impatient(s *stage, policy string) outcome {
	return s.refresh(onceClient(time.Second), s.client.address, policy)
}

// halfClosing asks as a client that ends its half of the connection as soon as
// it has asked.
func halfClosing(s *stage, policy string) outcome {
	conn, err := net.Dial("tcp", s.public)
	if err != nil {
		return lack(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	fmt.Fprintf(conn, "POST /%s/token HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", policy)
	conn.(*net.TCPConn).CloseWrite()
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return lack(err)
	}
	return s.read(response)
}

// full reports whether the whole suite is asked for: `make faults`.
func full() bool { return os.Getenv("TOKENGRAFT_TEST_FAULTS") == "full" }
