package live_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

var full = flag.Bool("full", false, "reload a hundred times under load")

func TestMain(m *testing.M) { e2e.Main(m) }

// A live is a running sidecar whose files a test changes, and its backend.
type live struct {
	*e2e.Sidecar
	t       *testing.T
	backend *backend
}

const configuration = `backend: BACKEND
rules:
  - {match: POST /login, tokens: ["json:token"]}
verify: {secret_file: secret}
documents: {file: users.json, user_id_field: id}
`

// start starts a sidecar with this configuration. BACKEND in it stands for the
// backend's URL. The program is [e2e.Options].Program.
func start(t *testing.T, configuration, program string) *live {
	t.Helper()
	l := &live{t: t, backend: startBackend(t)}
	l.Sidecar = e2e.Start(t, e2e.Options{
		Program:       program,
		Configuration: l.fill(configuration),
		Documents:     `[{"id":"anna","city":"Wien","lang":"de"}]`,
		Files:         map[string]string{"secret": enrichtest.Secret},
	})
	return l
}

func (l *live) fill(configuration string) string {
	return strings.ReplaceAll(configuration, "BACKEND", l.backend.URL)
}

// logIn logs in at a path and returns the claims of the token.
func (l *live) logIn(path string) (claims string) {
	l.t.Helper()
	claims, err := l.tryLogIn(path)
	if err != nil {
		l.t.Fatal(err)
	}
	return claims
}

func (l *live) tryLogIn(path string) (claims string, err error) {
	response, err := http.Post(l.Public.URL(path), "application/json", strings.NewReader("{}"))
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	var body struct{ Token string }
	if err := json.NewDecoder(response.Body).Decode(&body); err != nil {
		return "", fmt.Errorf("%s: %w", response.Status, err)
	}
	_, claims = enrichtest.DecodeToken(l.t, body.Token)
	return claims, nil
}

// logInSlowly starts a login that the backend holds, and returns when the login has
// arrived at the backend. After its release, the channel gets the claims.
func (l *live) logInSlowly() (claims <-chan string, login *e2e.Hold) {
	l.t.Helper()
	login = l.backend.Hold("/slow")
	found := make(chan string, 1)
	go func() {
		claims, err := l.tryLogIn("/slow")
		if err != nil {
			l.t.Error(err)
		}
		found <- claims
	}()
	e2e.Eventually(l.t, "the slow login arrives at the backend", func() bool { return login.Arrived() == 1 })
	return found, login
}

// A backend issues a token of anna at every path.
type backend struct {
	*e2e.Backend
	mu     sync.Mutex
	issuer *enrichtest.Issuer // guarded by mu
}

func startBackend(t *testing.T) *backend {
	b := &backend{Backend: e2e.StartBackend(t), issuer: enrichtest.NewIssuer(t, "HS256")}
	b.Handle("POST /", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		b.mu.Lock()
		defer b.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"token":%q}`, b.issuer.Token(fmt.Sprintf(`{"sub":"anna","exp":%d}`, time.Now().Add(time.Hour).Unix())))
	}))
	return b
}

// signWith changes the backend's secret.
func (b *backend) signWith(secret string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.issuer.Private = []byte(secret)
}
