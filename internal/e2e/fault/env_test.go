package fault_test

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
	"github.com/tokengraft/tokengraft/internal/e2e/toxic"
)

// The timeouts of the sidecar and of its clients.
const (
	dialTimeout     = time.Second
	responseTimeout = 1500 * time.Millisecond
	mongoTimeout    = 800 * time.Millisecond // generous, because other faults run on the same processors
	clientTimeout   = 8 * time.Second
)

// An env is a sidecar and everything that it is connected to, with a link in each
// connection. Each of the two policies has its own rule.
type env struct {
	*e2e.Sidecar
	proxy                        *toxic.Proxy
	backend, client, jwks, mongo *toxic.Link

	auth     *e2e.Backend // issues a token for each request
	keys     *e2e.Backend // publishes the keys, at another address
	database *database
	hosts    hosts

	issuer atomic.Pointer[enrichtest.Issuer]
	issued sync.Map     // original tokens
	jump   atomic.Int64 // of the backend's clock, in nanoseconds
}

// hosts are the addresses in the sidecar's configuration: by default those of the
// links.
type hosts struct{ backend, jwks, mongo string }

// newEnv returns an env with this MongoDB server and without a sidecar.
func newEnv(t *testing.T, proxy *toxic.Proxy, db *database) *env {
	t.Helper()
	e := &env{proxy: proxy, database: db, keys: e2e.StartBackend(t)}
	e.startBackend(t)
	e.rotate(t)
	e.backend = proxy.Link(t, e.backendAddress())
	e.jwks = proxy.Link(t, string(e.keys.Address))
	e.mongo = proxy.Link(t, e.mongoAddress())
	e.hosts = hosts{e.backend.Address, e.jwks.Address, e.mongo.Address}
	return e
}

func (e *env) backendAddress() string { return string(e.auth.Address) }

func (e *env) mongoAddress() string { return e.database.address }

// start starts the sidecar.
func (e *env) start(t *testing.T, f fault) {
	t.Helper()
	e.Sidecar = e2e.Start(t, e2e.Options{Program: e2e.Leakproof, Wrapper: f.breaks.wrapper, Configuration: fmt.Sprintf(`backend: http://%s
timeouts: {dial: %v, response: %v, idle: 200ms}
rules:
  - {match: POST /pass/token, tokens: ["json:access_token"], on_failure: pass}
  - {match: POST /refuse/token, tokens: ["json:access_token"], on_failure: refuse}
verify: {jwks: "http://%s/jwks.json"}
sign: {keys: keys}
documents: {mongodb: {uri: "mongodb://%s/", database: app, collection: users, timeout: %v}, user_id_field: id}
%s
`, e.hosts.backend, dialTimeout, responseTimeout, e.hosts.jwks, e.hosts.mongo, mongoTimeout, f.settings)})
	e.client = e.proxy.Link(t, string(e.Public))
}

// startBackend starts the backend. When it starts again, it has another address.
func (e *env) startBackend(t *testing.T) {
	e.auth = e2e.StartBackend(t)
	e.auth.Handle("POST /{policy}/token", http.HandlerFunc(e.issue))
}

// rotate gives the backend a key with another kid.
func (e *env) rotate(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "ES256")
	issuer.KeyID = "key-" + rand.Text()
	e.issuer.Store(issuer)
	e.keys.Publish(e2e.JWKS(issuer))
}

func (e *env) issue(w http.ResponseWriter, _ *http.Request) {
	now := time.Now().Add(time.Duration(e.jump.Load()))
	token := e.issuer.Load().Token(fmt.Sprintf(`{"sub":"anna","iat":%d,"nbf":%[1]d,"exp":%d,"jti":%q}`, now.Unix(), now.Add(time.Hour).Unix(), rand.Text()))
	e.issued.Store(token, true)
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"access_token":%q}`, token)
}

// about is in anna's document. It takes more than half a second at 1 KB/s.
var about = strings.Repeat("about anna ", 60)
