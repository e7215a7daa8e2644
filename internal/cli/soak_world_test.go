package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
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
)

var soakAlgorithms = []string{"RS256", "ES256", "EdDSA", "HS256"}

// A soak is a sidecar under load, with everything around it.
type soak struct {
	*process
	backend, jwks, mongo *link

	issuers map[string]*enrichtest.Issuer
	users   int
	set     []byte                    // the merged JWKS
	during  atomic.Pointer[soakFault] // what is going wrong

	mu       sync.Mutex
	took     []time.Duration
	got      map[string]int // by what was going wrong, and the outcome
	enriched map[string]int // by algorithm
	wrong    []string       // what the policy does not allow
}

func newSoak(t *testing.T, api string, users int) *soak {
	t.Helper()
	w := &soak{users: users, issuers: map[string]*enrichtest.Issuer{}, got: map[string]int{}, enriched: map[string]int{}}
	w.during.Store(&soakFault{what: "no fault"})
	for _, algorithm := range soakAlgorithms {
		w.issuers[algorithm] = enrichtest.NewIssuer(t, algorithm)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /{policy}/{action}", w.issue)
	mux.HandleFunc("GET /jwks.json", w.publish)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	address := server.Listener.Addr().String()
	w.backend, w.jwks, w.mongo = newLink(t, api, address), newLink(t, api, address), newLink(t, api, serveDocuments(t))
	w.process = startProcess(t, t.TempDir(), fmt.Sprintf(`listen: 127.0.0.1:0
admin: 127.0.0.1:0
backend: http://%s
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
`, w.backend.address, w.jwks.address, enrichtest.Secret, w.mongo.address))
	w.waitReady(t)
	w.set = w.merged(t)
	return w
}

// merged returns the merged JWKS.
func (w *soak) merged(t *testing.T) []byte {
	t.Helper()
	response, err := http.Get("http://" + w.public + "/.well-known/jwks.json")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	set, err := io.ReadAll(response.Body)
	if err != nil || bytes.Count(set, []byte(`"kid"`)) != 2*(len(soakAlgorithms)-1) {
		t.Fatalf("merged JWKS %s %v", set, err)
	}
	return set
}

// serveDocuments starts a MongoDB server with a change stream and the documents
// of nine users of ten, and returns its address. It is a scripted one: FerretDB
// takes longer to find one of so many than all the rest together.
func serveDocuments(t *testing.T) (address string) {
	t.Helper()
	server := wiretest.New()
	t.Cleanup(server.Close)
	server.Make(func(id string) string {
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

// issue answers with a token of the user and the algorithm that the client asks
// for.
func (w *soak) issue(rw http.ResponseWriter, r *http.Request) {
	now := time.Now()
	token := w.issuers[r.FormValue("algorithm")].Token(fmt.Sprintf(`{"sub":%q,"iat":%d,"exp":%d}`, r.FormValue("user"), now.Unix(), now.Add(time.Minute).Unix()))
	rw.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(rw, `{"access_token":%q}`, token)
}

// publish answers with the issuers' keys.
func (w *soak) publish(rw http.ResponseWriter, _ *http.Request) {
	var keys []string
	for algorithm, issuer := range w.issuers {
		if algorithm != "HS256" {
			keys = append(keys, strings.TrimSuffix(strings.TrimPrefix(string(issuer.JWKS()), `{"keys":[`), "]}"))
		}
	}
	rw.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(rw, `{"keys":[%s]}`, strings.Join(keys, ","))
}

// ask logs a user in, or refreshes his token, and counts what he gets.
func (w *soak) ask(t *testing.T, client *http.Client) {
	user, algorithm := rand.N(w.users), soakAlgorithms[rand.N(len(soakAlgorithms))]
	policy, action := []string{"pass", "refuse"}[rand.N(2)], []string{"login", "refresh"}[rand.N(2)]
	want := original
	if hasDocument(user) {
		want = enriched
	}
	before, began := w.during.Load(), time.Now()
	got := w.request(t, client, policy, action, algorithm, user)
	took := time.Since(began)
	allowed := got == want || before.allows(policy, got) || w.during.Load().allows(policy, got)

	w.mu.Lock()
	defer w.mu.Unlock()
	w.took = append(w.took, took)
	w.got[fmt.Sprintf("%s: %s", before.what, got)]++
	if got == enriched {
		w.enriched[algorithm]++
	}
	if !allowed {
		w.wrong = append(w.wrong, fmt.Sprintf("%s, %s of user %d with %s under %s: %s, want %s", before.what, action, user, algorithm, policy, got, want))
	}
}

// allows reports whether a client may get this under the policy.
func (f *soakFault) allows(policy string, got outcome) bool {
	if got == original && policy == "refuse" || got == "503" && policy == "pass" {
		return false
	}
	return slices.Contains(f.allowed, got)
}

func (w *soak) request(t *testing.T, client *http.Client, policy, action, algorithm string, user int) outcome {
	response, err := client.Post("http://"+w.public+"/"+policy+"/"+action, "application/x-www-form-urlencoded",
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
	return w.judge(t, body, algorithm, user)
}

func (w *soak) judge(t *testing.T, body []byte, algorithm string, user int) outcome {
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
	case algorithm == "HS256" || rand.N(50) != 0: // to verify is dear
		return enriched
	}
	if _, err := enrichtest.VerifyWith(t, w.set, answer.Token); err != nil {
		return outcome(err.Error())
	}
	return enriched
}
