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

// startCountedMongo starts a database with two documents of anna, and a forwarder that
// counts the connections to it.
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

func TestReload_ClosesTheSourceAfterTheLastRequestThatNeedsIt(t *testing.T) {
	t.Parallel()
	address, connections := startCountedMongo(t)
	l := start(t, fmt.Sprintf(mongoConfig, address), "")
	l.logIn("/login")
	claims, slow := l.logInSlowly()
	// The slow request uses the first generation. The second generation has the same
	// source and ends first.
	l.Reconfigure(t, "rules:", "timeouts: {response: 30s}\nrules:")
	l.Reconfigure(t, "collection: users", "collection: others")
	if found := l.logIn("/login"); !strings.Contains(found, "Graz") {
		t.Errorf("a request after the reload: got claims %s, want Graz in them", found)
	}
	both := connections.Load()
	slow.Release()
	if found := <-claims; !strings.Contains(found, "Wien") {
		t.Errorf("a request from before the reload: got claims %s, want Wien in them", found)
	}
	e2e.Eventually(t, "the connections of the old source are closed", func() bool { return connections.Load() < both })
	l.Stop(t)
	e2e.Eventually(t, "all connections to MongoDB are closed", func() bool { return connections.Load() == 0 })
}

// A changed rule keeps the source and the fetched keys.
func TestReload_OfARuleKeepsTheSource(t *testing.T) {
	t.Parallel()
	address, _ := startCountedMongo(t)
	l := start(t, fmt.Sprintf(mongoConfig, address), "")
	l.logIn("/login")
	l.Reconfigure(t, "rules:", "rules:\n  - {match: POST /other, tokens: [\"json:token\"]}")
	l.logIn("/login")
	metrics := l.Admin.Get(t, "/metrics")
	if !strings.Contains(metrics, `tokengraft_source_duration_seconds_count{error="false",source="mongodb"} 1`) {
		t.Errorf("the second login: want its document from the cache and one lookup, got the metrics\n%s", metrics)
	}
	if n := strings.Count(metrics, "\ntokengraft_breaker_open 0\n"); n != 1 {
		t.Errorf("the metric of the breaker: got %d series, want 1", n)
	}
	const unsupported = "without following their changes"
	e2e.Eventually(t, "the sidecar has tried to open a change stream", func() bool { return l.Log.Count(unsupported) > 0 })
	if n := l.Log.Count(unsupported); n != 1 {
		t.Errorf("change streams: got %d attempts, want 1", n)
	}
}

// Reloads replace the ring and the source in turn. No request may fail, and every token
// must have its document.
func TestReload_UnderLoadLosesNoRequest(t *testing.T) {
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
					t.Errorf("a login during reloads: got claims %s, error %v; want Wien in them", claims, err)
				}
				served.Add(1)
			}
		})
	}
	old := "secret_file"
	for n := range reloads / 2 {
		leeway := fmt.Sprintf("leeway: %ds, secret_file", n) // replaces the ring
		l.Reconfigure(t, old, leeway)
		l.Reconfigure(t, fmt.Sprintf("timeout: %ds", 10+n%2), fmt.Sprintf("timeout: %ds", 10+(n+1)%2)) // replaces the source
		old = leeway
	}
	close(done)
	clients.Wait()
	t.Logf("%d reloads, %d logins", reloads, served.Load())
	http.DefaultClient.CloseIdleConnections()
	e2e.Eventually(t, "there are no more connections than before", func() bool { return connections.Load() <= connected+2 })
	e2e.Eventually(t, "there are no more goroutines than before", func() bool { return runtime.NumGoroutine() <= before+4 })
	l.Stop(t)
	l.backend.Close()
	e2e.Eventually(t, "all connections are closed", func() bool { return connections.Load() == 0 })
	goleak.VerifyNone(t, ignored)
}

// If discovery is not changed, a reload keeps what was discovered. If it is, the
// sidecar discovers before the new configuration takes effect.
func TestReload_KeepsWhatWasDiscovered(t *testing.T) {
	t.Parallel()
	issuer, provider := enrichtest.NewIssuer(t, "ES256"), e2e.StartBackend(t)
	var asked atomic.Int64
	provider.Handle("GET /.well-known/{document}", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if r.PathValue("document") == "slow" {
			time.Sleep(time.Second) // a login could come before the response
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
	e2e.Eventually(t, "the endpoint is discovered", enriched)

	discovered := asked.Load()
	l.Reconfigure(t, "documents:", "claim: {kinds: [access, id]}\ndocuments:")
	if !enriched() {
		t.Error("after a change of claim: got an original token, want it enriched with what was discovered before")
	}
	if got := asked.Load(); got != discovered {
		t.Errorf("after a change of claim: got %d requests for the discovery document, want %d", got, discovered)
	}
	l.Reconfigure(t, "documents:", "verify: {leeway: 10s}\ndocuments:")
	if !enriched() {
		t.Error("after a change of verify: got an original token, want it enriched, because the new ring has the keys")
	}
	l.Reconfigure(t, "oidc: true", "oidc: {discovery: /.well-known/slow}")
	if !enriched() {
		t.Error("after a change of oidc: got an original token, want it enriched, because discovery comes first")
	}
}

// accessToken returns the claims of a token from the token endpoint.
func (l *live) accessToken() (claims string) {
	l.t.Helper()
	_, token, _ := strings.Cut(l.Public.Ask(l.t, http.MethodPost, "/token", "").Body, `"access_token":"`)
	token, _, _ = strings.Cut(token, `"`)
	_, claims = enrichtest.DecodeToken(l.t, token)
	return claims
}
