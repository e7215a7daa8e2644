package attack_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

// A target is a sidecar under attack.
type target struct {
	*e2e.Sidecar
	suite *suite
}

// start starts a sidecar to attack. When the test ends, the sidecar must still work.
func (s *suite) start(t *testing.T, configuration, documents string) *target {
	t.Helper()
	tg := s.startUnready(t, configuration, documents)
	tg.waitReady(t)
	return tg
}

// startUnready is start for a sidecar that does not become ready.
func (s *suite) startUnready(t *testing.T, configuration, documents string) *target {
	t.Helper()
	tg := &target{suite: s}
	tg.Sidecar = e2e.Start(t, e2e.Options{Configuration: configuration, Documents: documents, Log: s.lookAtLog})
	t.Cleanup(func() { tg.checkMetrics(t) })
	return tg
}

// waitReady waits until the sidecar is ready. It waits a moment longer if the sidecar
// has no keys, because some attacks keep it from fetching them.
func (tg *target) waitReady(t *testing.T) {
	t.Helper()
	polls := 0
	e2e.Eventually(t, "the sidecar is ready", func() bool {
		reply, err := tg.Admin.Try(http.MethodGet, "/readyz", "")
		polls++
		if err == nil && reply.Status == http.StatusOK && (polls > 5 || !strings.Contains(reply.Body, "not ready yet")) {
			return true
		}
		time.Sleep(15 * time.Millisecond) // Eventually adds 10
		return false
	})
}

// checkMetrics searches /metrics for secrets. It also checks that the sidecar still
// works after the attack.
func (tg *target) checkMetrics(t *testing.T) {
	text := tg.Admin.Get(t, "/metrics")
	if strings.Contains(text, secret) || strings.Contains(text, "eyJ") {
		t.Errorf("/metrics: want no secret, got\n%s", text)
	}
	conn, err := tg.Public.Dial()
	if err != nil {
		t.Errorf("the sidecar does not accept connections after the attack: %v", err)
		return
	}
	conn.Close()
}

// reasonOf calls do, which makes the backend issue a token, and returns the reason
// under which the sidecar counted it. Several reasons are sorted.
func (tg *target) reasonOf(t *testing.T, do func()) string {
	t.Helper()
	before := tg.Metrics(t).Reasons()
	do()
	var counted []string
	after := tg.Metrics(t).Reasons()
	for _, reason := range slices.Sorted(maps.Keys(after)) {
		if after[reason] > before[reason] {
			counted = append(counted, reason)
		}
	}
	if len(counted) == 0 {
		return notLookedAt
	}
	return strings.Join(counted, " ")
}

// notLookedAt is the result of reasonOf if the sidecar did not find a token.
const notLookedAt = "not looked at"

// ask sends a request with header lines and reads the whole reply. Call it only in the
// goroutine of the test.
func (tg *target) ask(t *testing.T, method, path, body string, lines ...string) e2e.Reply {
	t.Helper()
	reply, err := tg.try(method, path, body, lines...)
	if err != nil {
		t.Fatal(err)
	}
	return reply
}

// try is like ask, for any goroutine.
func (tg *target) try(method, path, body string, lines ...string) (e2e.Reply, error) {
	reply, err := tg.Public.Try(method, path, body, lines...)
	if err == nil && reply.Header.Get("Content-Type") == "application/problem+json" {
		tg.suite.look("an error", []byte(reply.Body))
	}
	return reply, err
}

// issue makes the backend answer a login with a token, and returns the token that the
// client gets. Call it only in the goroutine of the test.
func (tg *target) issue(t *testing.T, token string) string {
	t.Helper()
	got, err := tg.tryIssue(token)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// tryIssue is like issue, for any goroutine.
func (tg *target) tryIssue(token string) (string, error) {
	reply, err := tg.try(http.MethodPost, "/login", `{"access_token":"`+token+`"}`)
	if err != nil {
		return "", err
	}
	got, opens := strings.CutPrefix(reply.Body, `{"access_token":"`)
	got, closes := strings.CutSuffix(got, `"}`)
	if reply.Status != http.StatusOK || !opens || !closes {
		return "", fmt.Errorf("the response to the login has status %d and %d bytes: %.60s…%s", reply.Status, len(reply.Body), reply.Body, reply.Body[max(0, len(reply.Body)-60):])
	}
	return got, nil
}

// send writes bytes to the public listener, and returns all bytes that come back until
// the sidecar closes the connection. The bytes must end in [e2e.Closing], or make the
// sidecar close the connection in another way.
func (tg *target) send(t *testing.T, text string) string {
	t.Helper()
	answers, err := tg.Public.Send(text)
	if err != nil {
		t.Error(err)
	}
	return answers
}

// startBackend starts a backend that issues the tokens in its requests, and publishes
// the keys of these issuers.
func startBackend(t *testing.T, issuers ...*enrichtest.Issuer) *e2e.Backend {
	backend := e2e.StartBackend(t)
	backend.Publish(e2e.JWKS(issuers...))
	return backend
}

// usual returns the configuration of most targets: the tokens of a login are verified
// with the backend's JWKS and enriched from a file.
func usual(backend string) string {
	return fmt.Sprintf(`admin: 127.0.0.1:0
backend: %s
rules: [{match: POST /login, tokens: ["json:access_token", "json:id_token", "header:X-Token", "cookie:session", "query:token"]}]
verify: {jwks: %[1]s/jwks.json, issuer: https://idp.example.com, audience: [app]}
sign: {keys: keys, algorithm: ES256}
documents: {file: users.json, user_id_field: id}
`, backend)
}

// Anna and Mallory are the users. Mallory attacks.
const (
	anna, mallory = "hush-anna", "hush-mallory"
	annas         = `{"id":"hush-anna","mark":"hush of anna"}`
	mallorys      = `{"id":"hush-mallory","mark":"hush of mallory"}`
)

// claimsOf returns valid claims of a user. The user is JSON, and more are further
// members.
func claimsOf(user, more string) string {
	now := time.Now().Unix()
	return fmt.Sprintf(`{"iss":"https://idp.example.com","aud":"app","sub":%s,"iat":%d,"exp":%d%s}`, user, now, now+3600, more)
}

func quoted(id string) string { return strconv.Quote(id) }
