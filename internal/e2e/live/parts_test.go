package live_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.uber.org/goleak"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

const mongoConfig = `backend: BACKEND
rules:
  - {match: POST /, tokens: ["json:token"]}
  - {match: POST /slow, tokens: ["json:token"], refresh: always}
verify: {secret_file: secret}
documents:
  mongodb: {uri: "mongodb://%s/", database: app, collection: users, timeout: 10s}
  user_id_field: id
`

// startCountedMongo starts a database with two documents of anna behind a
// forwarder, which counts the connections to it.
func startCountedMongo(t *testing.T) (address string, connections *atomic.Int64) {
	t.Helper()
	uri, _ := enrichtest.StartFerretDB(t)
	client, err := mongo.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Disconnect(t.Context())
	for collection, city := range map[string]string{"users": "Wien", "others": "Graz"} {
		if _, err := client.Database("app").Collection(collection).InsertOne(t.Context(), bson.D{{Key: "id", Value: "anna"}, {Key: "city", Value: city}}); err != nil {
			t.Fatal(err)
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	connections = new(atomic.Int64)
	host := strings.TrimSuffix(strings.TrimPrefix(uri, "mongodb://"), "/")
	go func() {
		for {
			from, err := listener.Accept()
			if err != nil {
				return
			}
			connections.Add(1)
			go func() {
				defer connections.Add(-1)
				defer from.Close()
				to, err := net.Dial("tcp", host)
				if err != nil {
					return
				}
				defer to.Close()
				go func() { io.Copy(from, to); from.Close() }()
				io.Copy(to, from)
			}()
		}
	}()
	return listener.Addr().String(), connections
}

// TestReload_ClosesTheSourceAfterTheLastRequestThatNeedsIt and not before.
func TestReload_ClosesTheSourceAfterTheLastRequestThatNeedsIt(t *testing.T) {
	t.Parallel()
	address, connections := startCountedMongo(t)
	l := start(t, fmt.Sprintf(mongoConfig, address), "")
	l.logIn("/login")
	claims, slow := l.logInSlowly()
	// The request is of the generation of the start. The next one has the same
	// source, and goes before it.
	l.Reconfigure(t, "rules:", "timeouts: {response: 30s}\nrules:")
	l.Reconfigure(t, "collection: users", "collection: others")
	if found := l.logIn("/login"); !strings.Contains(found, "Graz") {
		t.Errorf("claims %s of a request that came later", found)
	}
	both := connections.Load()
	slow.Release()
	if found := <-claims; !strings.Contains(found, "Wien") {
		t.Errorf("claims %s of the request under way", found)
	}
	e2e.Eventually(t, "the connections of the source before are closed", func() bool { return connections.Load() < both })
	l.Stop(t)
	e2e.Eventually(t, "all are closed", func() bool { return connections.Load() == 0 })
}

// TestReload_OfARuleCostsNoReconnect: the change of a rule leaves the source, and the
// learned keys, alone.
func TestReload_OfARuleCostsNoReconnect(t *testing.T) {
	t.Parallel()
	address, _ := startCountedMongo(t)
	l := start(t, fmt.Sprintf(mongoConfig, address), "")
	l.logIn("/login")
	l.Reconfigure(t, "rules:", "rules:\n  - {match: POST /other, tokens: [\"json:token\"]}")
	l.logIn("/login")
	metrics := l.Admin.Get(t, "/metrics")
	if !strings.Contains(metrics, `tokengraft_source_duration_seconds_count{error="false",source="mongodb"} 1`) {
		t.Error("the second login was not answered by the cache")
	}
	if n := strings.Count(metrics, "\ntokengraft_breaker_open 0\n"); n != 1 {
		t.Errorf("the breaker is measured %d times", n)
	}
	const begun = "without following their changes"
	e2e.Eventually(t, "the change stream is begun", func() bool { return l.Log.Count(begun) > 0 })
	if n := l.Log.Count(begun); n != 1 {
		t.Errorf("the change stream was begun %d times", n)
	}
}

// TestReload_UnderLoadLosesNothing: reloads replace the ring and the source
// in turn, and not a request that fails or a token without its document.
func TestReload_UnderLoadLosesNothing(t *testing.T) {
	reloads := 30
	switch {
	case *full:
		reloads = 100
	case testing.Short():
		reloads = 10
	}
	address, connections := startCountedMongo(t)
	ignored := goleak.IgnoreCurrent()
	l := start(t, fmt.Sprintf(mongoConfig, address), "")
	l.logIn("/login")
	before, connected := runtime.NumGoroutine(), connections.Load()

	var served atomic.Int64
	var clients sync.WaitGroup
	done := make(chan struct{})
	for i := range 4 {
		clients.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				claims, err := l.tryLogIn(fmt.Sprintf("/login/%d", i))
				if err != nil || !strings.Contains(claims, "Wien") {
					t.Errorf("claims %s, %v", claims, err)
				}
				served.Add(1)
			}
		})
	}
	old := "secret_file"
	for n := range reloads / 2 {
		leeway := fmt.Sprintf("leeway: %ds, secret_file", n) // makes the ring anew
		l.Reconfigure(t, old, leeway)
		l.Reconfigure(t, fmt.Sprintf("timeout: %ds", 10+n%2), fmt.Sprintf("timeout: %ds", 10+(n+1)%2)) // and the source
		old = leeway
	}
	close(done)
	clients.Wait()
	t.Logf("%d reloads, %d logins", reloads, served.Load())
	http.DefaultClient.CloseIdleConnections()
	e2e.Eventually(t, "the connections are as many as before", func() bool { return connections.Load() <= connected+2 })
	e2e.Eventually(t, "the goroutines are as many as before", func() bool { return runtime.NumGoroutine() <= before+4 })
	l.Stop(t)
	l.backend.Close()
	e2e.Eventually(t, "all connections are closed", func() bool { return connections.Load() == 0 })
	goleak.VerifyNone(t, ignored)
}

// TestReload_KeepsWhatWasDiscovered when what it was learned from did not change, and is
// learned before the reload where that did.
func TestReload_KeepsWhatWasDiscovered(t *testing.T) {
	t.Parallel()
	issuer, provider := enrichtest.NewIssuer(t, "ES256"), e2e.StartBackend(t)
	var asked atomic.Int64
	provider.Handle("GET /.well-known/{document}", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if r.PathValue("document") == "slow" {
			time.Sleep(time.Second) // in which a login could come too early
		}
		fmt.Fprintf(w, `{"issuer":%q,"token_endpoint":"%[1]s/token","jwks_uri":"%[1]s/jwks"}`, provider.URL)
	}))
	provider.Handle("GET /jwks", issuer)
	provider.Handle("POST /token", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		token := issuer.Token(fmt.Sprintf(`{"iss":%q,"sub":"anna","exp":%d}`, provider.URL, time.Now().Add(time.Hour).Unix()))
		fmt.Fprintf(w, `{"access_token":%q,"token":%[1]q}`, token)
	}))
	l := start(t, `backend: `+provider.URL+`
oidc: true
sign: {keys: keys}
documents: {file: users.json, user_id_field: id}
`, "")
	enriched := func() bool { return strings.Contains(l.accessToken(), "Wien") }
	e2e.Eventually(t, "the endpoint is learned", enriched)

	learned := asked.Load()
	l.Reconfigure(t, "documents:", "claim: {kinds: [access, id]}\ndocuments:")
	if !enriched() {
		t.Error("what was learned is lost")
	}
	if asked.Load() != learned {
		t.Error("the discovery document was asked for again")
	}
	l.Reconfigure(t, "documents:", "verify: {leeway: 10s}\ndocuments:")
	if !enriched() {
		t.Error("a new ring has not been told where the keys are, or has none yet")
	}
	l.Reconfigure(t, "oidc: true", "oidc: {discovery: /.well-known/slow}")
	if !enriched() {
		t.Error("a new follower has learned nothing before it counts")
	}
}

// accessToken returns the claims of a token of the token endpoint.
func (l *live) accessToken() (claims string) {
	l.t.Helper()
	_, token, _ := strings.Cut(l.Public.Ask(l.t, http.MethodPost, "/token", "").Body, `"access_token":"`)
	token, _, _ = strings.Cut(token, `"`)
	_, claims = enrichtest.DecodeToken(l.t, token)
	return claims
}
