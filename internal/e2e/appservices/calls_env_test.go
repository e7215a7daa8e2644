package appservices_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/demo/appservices"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

// A callable is a sidecar, as a process, whose users may call functions.
type callable struct {
	*e2e.Sidecar
	functions string // their directory
	gate      *gate
}

// A gate is a server at which functions wait until it is open. GATE in the text of a function
// is its address.
type gate struct {
	arrived chan bool // has an element for each call that has arrived
	open    chan bool
}

func startGate(t *testing.T) (g *gate, url string) {
	t.Helper()
	g = &gate{make(chan bool, 1000), make(chan bool)}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		g.arrived <- true
		select {
		case <-g.open:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(server.Close)
	return g, server.URL
}

// startCallable starts a sidecar with the functions in files, and with more settings.
func startCallable(t *testing.T, more string, files map[string]string) callable {
	t.Helper()
	users, documents := newCollection(t)
	enrichtest.CreateUniqueIndex(t, users, "user_account_id")
	behind := httptest.NewUnstartedServer(nil)
	behind.Config.Handler = appservices.New(behind.Listener.Addr().String(), hs256.key)
	behind.Start()
	t.Cleanup(behind.Close)
	functions := t.TempDir()
	gate, url := startGate(t)
	for name, text := range files {
		write(t, functions, name, strings.ReplaceAll(text, "GATE", url))
	}
	return callable{e2e.Start(t, e2e.Options{
		Program:       e2e.Tokengraft,
		Configuration: fmt.Sprintf("backend: %s\npreset: app-services\n%s%sfunctions: {dir: %q, hosts: [%q]}\n%s", behind.URL, hs256.settings, documents, functions, strings.TrimPrefix(url, "http://"), more),
	}), functions, gate}
}

// logIn logs a user in and returns an SDK.
func (c callable) logIn(t *testing.T, user string) *sdk {
	t.Helper()
	s := &sdk{t: t, at: c.Public}
	s.logIn(user)
	return s
}

// call calls a function as an SDK does, and returns the status and the body.
func (s *sdk) call(token, name string, args ...string) (status int, body string) {
	reply, err := s.at.Try(http.MethodPost, clientAPI+"/app/myapp-abcde/functions/call",
		fmt.Sprintf(`{"arguments":[%s],"name":%q}`, strings.Join(args, ","), name),
		"Accept: application/json", "Content-Type: application/json;charset=utf-8", "Authorization: Bearer "+token)
	if err != nil {
		return 0, err.Error()
	}
	if kind := reply.Header.Get("Content-Type"); kind != "application/json" {
		s.t.Errorf("call of %s: got the content type %q, want application/json", name, kind)
	}
	return reply.Status, reply.Body
}

// codeOf returns the error_code of an answer.
func codeOf(body string) string {
	var answer struct {
		Code string `json:"error_code"`
	}
	_ = json.Unmarshal([]byte(body), &answer)
	return answer.Code
}

// expired returns an access token of the backend for a user, which has expired.
func expired(user string) string {
	return signed(fmt.Sprintf(`{"exp":%d,"iat":1,"sub":%q,"typ":"access"}`, time.Now().Add(-time.Hour).Unix(), user))
}

// signed returns a token that is signed with the backend's secret.
func signed(claims string) string {
	encode := base64.RawURLEncoding.EncodeToString
	text := encode([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + encode([]byte(claims))
	mac := hmac.New(sha256.New, hs256.key.([]byte))
	mac.Write([]byte(text))
	return text + "." + encode(mac.Sum(nil))
}
