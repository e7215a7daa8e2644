//go:build !race

package console_test

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

const adminToken = "the-admin-token-of-the-test"

// documents are those of four users. Some fields are long, and one looks like a credential.
const documents = `[
{"account": "62efedca3587e6e83c0fc675", "language": "en", "city": "Wien", "plan": "team", "notes": "Called about the invoice of March. Wants a monthly report.", "passwordHash": "$2b$12$Kx0jIxTYwzJ8vZkq9bUOueR1m4cN7eV0aSdFgHjKlZxCvBnM1Q2W3"},
{"account": "5f1f216e82df4a7979f9da93", "language": "fr", "city": "Lyon", "plan": "free", "notes": ""},
{"account": "64b0c1de82df4a7979f9da11", "language": "de", "city": "Graz", "plan": "team", "tags": ["beta", "invoice"]},
{"account": 4711, "language": "it", "city": "Bari", "plan": "free"}
]`

var users = []string{"62efedca3587e6e83c0fc675", "5f1f216e82df4a7979f9da93", "64b0c1de82df4a7979f9da11", "someone-without-a-document"}

// A system is a sidecar with its backend, in which users log in.
type system struct {
	*e2e.Sidecar
	issuer *enrichtest.Issuer
}

// start starts a sidecar with documents from a file. More are more lines of its
// configuration.
func start(t testing.TB, more string) *system {
	t.Helper()
	return startWith(t, "documents:\n  file: users.json\n  user_id_field: account\n"+more)
}

// startWith starts a sidecar whose configuration has these sections, too.
func startWith(t testing.TB, sections string) *system {
	t.Helper()
	issuer := enrichtest.NewIssuer(t, "ES256")
	backend := e2e.StartBackend(t)
	backend.Publish(e2e.JWKS(issuer))
	s := e2e.Start(t, e2e.Options{Documents: documents, Configuration: fmt.Sprintf(`backend: %s
rules:
  - match: POST /login
    tokens: ["json:access_token"]
    refresh: never
  - match: POST /refresh
    tokens: ["json:access_token"]
    refresh: always
  - match: POST /login/cookie
    tokens: ["cookie:session"]
verify: {jwks: %s/jwks.json}
sign: {keys: keys}
claim: {exclude: [notes]}
%s`, backend.URL, backend.URL, sections)})
	s.WaitReady(t)
	return &system{s, issuer}
}

const withToken = "admin_token: " + adminToken + "\n"

func (s *system) token(user string, life time.Duration) string {
	return s.issuer.Token(fmt.Sprintf(`{"sub":%q,"iss":"https://login.example.com","iat":%d,"exp":%d}`, user, time.Now().Unix(), time.Now().Add(life).Unix()))
}

// login returns the token that a client gets.
func (s *system) login(t testing.TB, user string) string {
	t.Helper()
	got := s.Public.Ask(t, "POST", "/login", fmt.Sprintf(`{"access_token":%q}`, s.token(user, time.Hour)))
	tokens := e2e.Tokens(got.Body)
	if got.Status != http.StatusOK || len(tokens) != 1 {
		t.Fatalf("POST /login: got %d %s", got.Status, got.Body)
	}
	return tokens[0]
}

// claims returns the claims of the token that a user gets now.
func (s *system) claims(t testing.TB) string {
	t.Helper()
	_, claims := enrichtest.DecodeToken(t, s.login(t, users[0]))
	return claims
}

// trickle lets users log in until the test ends.
func (s *system) trickle(t testing.TB) {
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	t.Cleanup(func() { stop(); <-done })
	go func() {
		defer close(done)
		for i := 0; ctx.Err() == nil; i++ {
			life := time.Hour
			if i%37 == 5 {
				life = -time.Minute // the backend's token has expired
			}
			path := "/login"
			if i%4 == 3 {
				path = "/refresh"
			}
			s.Public.Try("POST", path, fmt.Sprintf(`{"access_token":%q}`, s.token(users[i*7/5%len(users)], life)))
			select {
			case <-ctx.Done():
			case <-time.After(time.Duration(60+35*math.Sin(float64(i)/60)) * time.Millisecond):
			}
		}
	}()
}

// A prefixed is a proxy that has the console below a path, as nginx would have it.
type prefixed struct {
	url  string
	down atomic.Bool // whether it answers 502
}

const prefix = "/ops/tokengraft"

func (s *system) behindPrefix(t testing.TB) *prefixed {
	target, err := url.Parse(s.Admin.URL("/"))
	if err != nil {
		t.Fatal(err)
	}
	p := &prefixed{}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.URL.Path = strings.TrimPrefix(r.In.URL.Path, prefix)
		r.Out.Host = r.In.Host
		r.SetXForwarded()
	}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case p.down.Load():
			http.Error(w, "down", http.StatusBadGateway)
		case !strings.HasPrefix(r.URL.Path, prefix+"/"):
			http.NotFound(w, r)
		default:
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	p.url = server.URL + prefix + "/"
	return p
}
