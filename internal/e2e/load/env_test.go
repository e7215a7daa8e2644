package load_test

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/enrichtest/wiretest"
	"github.com/tokengraft/tokengraft/internal/e2e"
	"github.com/tokengraft/tokengraft/internal/e2e/toxic"
)

var algorithms = []string{"RS256", "ES256", "EdDSA", "HS256"}

// An outcome is what a client gets: one of these, a status code, or the text of an
// error.
type outcome string

const (
	enriched outcome = "the enriched token"
	original outcome = "the original token"
)

// An env is a sidecar under load and everything that it is connected to.
type env struct {
	*e2e.Sidecar
	backend, jwks, mongo *toxic.Link

	issuers map[string]*enrichtest.Issuer
	users   int
	set     []byte                // the merged JWKS
	during  atomic.Pointer[fault] // the current fault

	mu       sync.Mutex
	took     []time.Duration
	got      map[string]int // by fault and outcome
	enriched map[string]int // by algorithm
	wrong    []string       // responses that the policy does not allow
}

func newEnv(t *testing.T, users int) *env {
	t.Helper()
	e := &env{users: users, issuers: map[string]*enrichtest.Issuer{}, got: map[string]int{}, enriched: map[string]int{}}
	e.during.Store(&fault{what: "no fault"})
	var published []*enrichtest.Issuer
	for _, algorithm := range algorithms {
		e.issuers[algorithm] = enrichtest.NewIssuer(t, algorithm)
		if algorithm != "HS256" {
			published = append(published, e.issuers[algorithm])
		}
	}
	auth := e2e.StartBackend(t)
	auth.Publish(e2e.JWKS(published...))
	auth.Handle("POST /{policy}/{action}", http.HandlerFunc(e.issue))
	proxy := toxic.Start(t)
	e.backend, e.jwks = proxy.Link(t, string(auth.Address)), proxy.Link(t, string(auth.Address))
	e.mongo = proxy.Link(t, serveDocuments(t))
	e.Sidecar = e2e.Start(t, e2e.Options{Program: e2e.Leakproof, Configuration: fmt.Sprintf(`backend: http://%s
timeouts: {response: 5s, idle: 200ms}
rules:
  - {match: "POST /pass/{action}", tokens: ["json:access_token"], on_failure: pass}
  - {match: "POST /refuse/{action}", tokens: ["json:access_token"], on_failure: refuse}
verify: {jwks: "http://%s/jwks.json", secret: %q}
sign: {keys: keys}
documents:
  mongodb: {uri: "mongodb://%s/?directConnection=true", database: app, collection: users, timeout: 2s}
  user_id_field: _id
  user_id_type: string
cache: {max_bytes: 1MiB, missing_for: 1s}
`, e.backend.Address, e.jwks.Address, enrichtest.Secret, e.mongo.Address)})
	e.WaitReady(t)
	set := e.Public.Get(t, "/.well-known/jwks.json")
	if n := strings.Count(set, `"kid"`); n != 2*len(published) {
		t.Fatalf("the merged JWKS: got %d keys, want %d: %s", n, 2*len(published), set)
	}
	e.set = []byte(set)
	return e
}

// asked returns how many logins and refreshes there were.
func (e *env) asked() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.took)
}

// serveDocuments starts a scripted MongoDB server with a change stream and with
// documents for nine of ten users, and returns its address. FerretDB would be too slow
// with so many documents.
func serveDocuments(t *testing.T) (address string) {
	t.Helper()
	server := wiretest.New()
	t.Cleanup(server.Close)
	server.GenerateDocuments(func(id string) string {
		user, err := strconv.Atoi(strings.TrimPrefix(id, "user-"))
		if err != nil || !hasDocument(user) {
			return ""
		}
		return fmt.Sprintf(`{"_id":%q,"about":%q}`, id, aboutUser(user))
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go server.Serve(listener)
	return listener.Addr().String()
}

func hasDocument(user int) bool { return user%10 != 0 }

func aboutUser(user int) string { return fmt.Sprintf("all about user %d.", user) }

// issue returns a token for the user and the algorithm in the request.
func (e *env) issue(rw http.ResponseWriter, r *http.Request) {
	now := time.Now()
	token := e.issuers[r.FormValue("algorithm")].Token(fmt.Sprintf(`{"sub":%q,"iat":%d,"exp":%d}`, r.FormValue("user"), now.Unix(), now.Add(time.Minute).Unix()))
	rw.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(rw, `{"access_token":%q}`, token)
}

// ask makes a login or a refresh of a random user, and counts the outcome.
func (e *env) ask(t *testing.T, client *http.Client) {
	user, algorithm := rand.N(e.users), algorithms[rand.N(len(algorithms))]
	policy, action := []string{"pass", "refuse"}[rand.N(2)], []string{"login", "refresh"}[rand.N(2)]
	want := original
	if hasDocument(user) {
		want = enriched
	}
	before, start := e.during.Load(), time.Now()
	got := e.request(t, client, policy, action, algorithm, user)
	took := time.Since(start)
	allowed := got == want || before.allows(policy, got) || e.during.Load().allows(policy, got)

	e.mu.Lock()
	defer e.mu.Unlock()
	e.took = append(e.took, took)
	e.got[fmt.Sprintf("%s: %s", before.what, got)]++
	if got == enriched {
		e.enriched[algorithm]++
	}
	if !allowed {
		e.wrong = append(e.wrong, fmt.Sprintf("%s, %s of user %d with %s under %s: got %s, want %s", before.what, action, user, algorithm, policy, got, want))
	}
}

// allows reports whether a client may get an outcome during the fault, under a policy.
func (f *fault) allows(policy string, got outcome) bool {
	if got == original && policy == "refuse" || got == "503" && policy == "pass" {
		return false
	}
	return slices.Contains(f.allowed, got)
}

func (e *env) request(t *testing.T, client *http.Client, policy, action, algorithm string, user int) outcome {
	response, err := client.Post(e.Public.URL("/"+policy+"/"+action), "application/x-www-form-urlencoded",
		strings.NewReader(fmt.Sprintf("algorithm=%s&user=user-%d", algorithm, user)))
	if err != nil {
		return outcome(err.Error())
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	switch {
	case err != nil:
		return outcome(err.Error())
	case response.StatusCode != http.StatusOK:
		return outcome(fmt.Sprint(response.StatusCode))
	}
	return e.judge(t, body, algorithm, user)
}

func (e *env) judge(t *testing.T, body []byte, algorithm string, user int) outcome {
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return outcome(err.Error())
	}
	token, err := enrich.ParseToken(answer.Token)
	if err != nil {
		return outcome(err.Error())
	}
	document := string(token.Claim("custom_data"))
	switch {
	case document == "":
		return original
	case !strings.Contains(document, aboutUser(user)):
		return "the document of another user"
	case algorithm == "HS256" || rand.N(50) != 0: // verifying every token would be expensive
		return enriched
	}
	if _, err := enrichtest.VerifyToken(t, e.set, answer.Token); err != nil {
		return outcome(err.Error())
	}
	return enriched
}
