package attack

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
)

// A target is a sidecar under attack.
type target struct {
	public, admin string // addresses
	log           *logSink
	suite         *suite
}

// attack starts a sidecar as `tokengraft serve` does, with port 0. Lines of the
// configuration are added to those that say where it listens.
func (s *suite) attack(t *testing.T, configuration, documents string) *target {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"tokengraft.yaml": "listen: 127.0.0.1:0\n" + configuration,
		"users.json":      documents,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	v := &target{suite: s, log: &logSink{suite: s, listening: map[string]string{}, told: make(chan struct{}, 2)}}
	ctx, stop := context.WithCancel(context.Background())
	stopped := make(chan int, 1)
	go func() {
		stopped <- Run(ctx, []string{"serve", "-c", filepath.Join(dir, "tokengraft.yaml")}, strings.NewReader(""), io.Discard, v.log)
	}()
	for range 2 {
		select {
		case <-v.log.told:
		case code := <-stopped:
			t.Fatalf("serve ended with exit code %d: see the log lines among the faults", code)
		}
	}
	t.Cleanup(func() {
		v.checkMetrics(t)
		stop()
		if code := <-stopped; code != exitOK {
			t.Errorf("serve: exit code %d, want %d", code, exitOK)
		}
	})
	v.public, v.admin = v.log.listening["public"], v.log.listening["admin"]
	v.waitReady(t)
	return v
}

// waitReady returns when the sidecar has everything that it needs, or is ready
// without the rest for a while: some attacks keep that away.
func (v *target) waitReady(t *testing.T) {
	t.Helper()
	for i := range 400 {
		response, err := http.Get("http://" + v.admin + "/readyz")
		if err == nil {
			body, _ := io.ReadAll(response.Body)
			response.Body.Close()
			if response.StatusCode == http.StatusOK && (i > 4 || !bytes.Contains(body, []byte("never answered"))) {
				return
			}
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Fatal("the sidecar did not get ready")
}

// waitFor returns when /readyz says that something is there.
func (v *target) waitFor(t *testing.T, condition string) {
	t.Helper()
	for range 400 {
		if strings.Contains(get(t, "http://"+v.admin+"/readyz"), `"`+condition+`":"ok"`) {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Fatalf("the sidecar did not get its %s", condition)
}

// checkMetrics looks for secrets at /metrics. It also shows that the sidecar
// has outlived the attack.
func (v *target) checkMetrics(t *testing.T) {
	text := v.metrics(t)
	if strings.Contains(text, secret) || strings.Contains(text, "eyJ") {
		t.Errorf("/metrics tells a secret:\n%s", text)
	}
	if err := dialUntil(v.public); err != nil {
		t.Errorf("the sidecar did not outlive the attack: %v", err)
	}
}

func (v *target) metrics(t *testing.T) string {
	t.Helper()
	return get(t, "http://"+v.admin+"/metrics")
}

var reasonCount = regexp.MustCompile(`(?m)^tokengraft_tokens_total\{.*reason="(\w+)".*\} (\d+)$`)

// reasons returns how many tokens were counted under each reason so far.
func (v *target) reasons(t *testing.T) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for _, match := range reasonCount.FindAllStringSubmatch(v.metrics(t), -1) {
		n, _ := strconv.Atoi(match[2])
		counts[match[1]] += n
	}
	return counts
}

// reasonOf returns the reason under which a token is counted that do makes the
// backend issue, or several in the order of the alphabet.
func (v *target) reasonOf(t *testing.T, do func()) string {
	t.Helper()
	before := v.reasons(t)
	do()
	var counted []string
	after := v.reasons(t)
	for _, reason := range []string{"bad_token", "canceled", "key_bound", "no_document", "not_ours", "ok", "opaque", "sign_failed", "stale", "too_large", "unavailable"} {
		if after[reason] > before[reason] {
			counted = append(counted, reason)
		}
	}
	if len(counted) == 0 {
		return "not looked at"
	}
	return strings.Join(counted, " ")
}

// An answer is what a client gets.
type answer struct {
	*http.Response
	body string
}

// ask sends a request with header lines and reads the whole answer, as the
// backend or the sidecar sent it.
func (v *target) ask(t *testing.T, method, target, body string, lines ...string) answer {
	t.Helper()
	request, err := http.NewRequest(method, "http://"+v.public+target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		request.Header.Add(name, value)
	}
	response, err := asItComes.RoundTrip(request)
	if err != nil {
		t.Fatalf("%s %.60s: %v", method, target, err)
	}
	return v.read(t, response)
}

var asItComes = &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64, MaxResponseHeaderBytes: 16 << 20}

func (v *target) read(t *testing.T, response *http.Response) answer {
	t.Helper()
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("reading the answer: %v", err)
	}
	if response.Header.Get("Content-Type") == "application/problem+json" {
		v.suite.look("an error", body)
	}
	return answer{response, string(body)}
}

// issue makes the backend answer a login with this token and returns what the
// client gets in its place.
func (v *target) issue(t *testing.T, token string) string {
	t.Helper()
	res := v.ask(t, http.MethodPost, "/login", `{"access_token":"`+token+`"}`)
	got, opens := strings.CutPrefix(res.body, `{"access_token":"`)
	got, closes := strings.CutSuffix(got, `"}`)
	if res.StatusCode != http.StatusOK || !opens || !closes {
		t.Fatalf("the login was answered %s with %d bytes: %.60s…%s", res.Status, len(res.body), res.body, res.body[max(0, len(res.body)-60):])
	}
	return got
}

// last is a request behind which the sidecar closes the connection.
const last = "GET /last HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"

// send writes bytes to the public listener as they are, and returns all that
// comes back until the sidecar closes. Where the bytes do not end in the last
// request they must make it close of itself.
func (v *target) send(t *testing.T, text string) string {
	t.Helper()
	conn, err := net.Dial("tcp", v.public)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	io.WriteString(conn, text)
	answers, err := io.ReadAll(conn)
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		t.Errorf("%.60q left the connection open", text)
	}
	return string(answers)
}

// dare sends bytes as they are, whatever comes of it.
func (v *target) dare(text string) {
	conn, err := net.Dial("tcp", v.public)
	if err != nil {
		return
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	io.WriteString(conn, text)
	io.Copy(io.Discard, conn)
}

// statuses are the status codes of responses that came behind each other.
func e2e.Statuses(text string) string {
	var codes []string
	in := bufio.NewReader(strings.NewReader(text))
	for {
		response, err := http.ReadResponse(in, nil)
		if err != nil {
			break
		}
		io.Copy(io.Discard, response.Body)
		codes = append(codes, strconv.Itoa(response.StatusCode))
	}
	if len(codes) == 0 {
		return "closed"
	}
	return strings.Join(codes, " ")
}

// An obedient backend answers a request with its own body, as JSON, and with
// the header lines that it finds in Answer lines: who attacks says what it
// issues. /wire answers with the request as it came.
type obedient struct {
	*httptest.Server
	jwks    atomic.Pointer[string]
	fetches atomic.Int64 // of the JWK Set
}

func startObedient(t *testing.T, jwks string) *e2e.Backend {
	b := &obedient{}
	b.jwks.Store(&jwks)
	b.Server = httptest.NewUnstartedServer(b)
	b.Config.MaxHeaderBytes = 8 << 20
	b.Start()
	t.Cleanup(b.Close)
	return b
}

func (b *e2e.Backend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body) // before the answer: net/http drops what is left of it then
	w.Header().Set("Content-Type", "application/json")
	switch r.URL.Path {
	case "/jwks.json":
		b.fetches.Add(1)
		io.WriteString(w, *b.jwks.Load())
		return
	case "/wire":
		r.Body = io.NopCloser(bytes.NewReader(body))
		wire, _ := httputil.DumpRequest(r, true)
		w.Write(wire)
		return
	}
	for _, line := range r.Header["Answer"] {
		name, value, _ := strings.Cut(line, ": ")
		w.Header()[name] = append(w.Header()[name], value)
	}
	w.Write(body)
}

// jwkSet is the JWK Set of several issuers.
func e2e.JWKS(issuers ...*enrichtest.Issuer) string {
	var keys []string
	for _, issuer := range issuers {
		key := strings.TrimPrefix(string(issuer.JWKS()), `{"keys":[`)
		keys = append(keys, strings.TrimSuffix(key, `]}`))
	}
	return `{"keys":[` + strings.Join(keys, ",") + `]}`
}

// usual is the configuration of most victims: tokens of a login that are
// verified with the backend's JWKS and enriched from a file.
func usual(backend string) string {
	return fmt.Sprintf(`admin: 127.0.0.1:0
backend: %s
rules: [{match: POST /login, tokens: ["json:access_token", "json:id_token", "header:X-Token", "cookie:session", "query:token"]}]
verify: {jwks: %[1]s/jwks.json, issuer: https://idp.example.com, audience: [app]}
sign: {keys: keys, algorithm: ES256}
documents: {file: users.json, user_id_field: id}
`, backend)
}

// Whose tokens the attackers have, and whose they want.
const (
	anna, mallory = "hush-anna", "hush-mallory"
	annas         = `{"id":"hush-anna","mark":"hush of anna"}`
	mallorys      = `{"id":"hush-mallory","mark":"hush of mallory"}`
)

// claimsOf are good claims of a user, whose id is JSON; more are members.
func claimsOf(user, more string) string {
	now := time.Now().Unix()
	return fmt.Sprintf(`{"iss":"https://idp.example.com","aud":"app","sub":%s,"iat":%d,"exp":%d%s}`, user, now, now+3600, more)
}

func quoted(id string) string { return strconv.Quote(id) }
