package exhaustion_test

import (
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

// algorithms are those of the backend's keys. The sidecar signs with keys of its own for
// each of them.
var algorithms = []string{"ES256", "RS256", "ES384", "ES512", "EdDSA"}

// A backend issues an access token and a refresh token for each login and refresh. A
// refresh token can be used once. It answers
//
//	POST /login   user=NAME&algorithm=ALG
//	POST /token   grant_type=refresh_token&refresh_token=TOKEN
//	POST /padded  like /login, with 900 KB of other JSON in the answer
//	/slow         after it has read the request and waited two seconds
//	/large        with 16 MiB
//	/             after it has read the request
type backend struct {
	*httptest.Server
	issuers map[string]*enrichtest.Issuer

	mu       sync.Mutex
	users    map[string]string          // by refresh token that can be used
	issued   map[string]map[string]bool // refresh tokens by attack
	received map[string]bool            // refresh tokens that reached an honest user
}

func startBackend(t *testing.T) *backend {
	b := &backend{issuers: map[string]*enrichtest.Issuer{}, users: map[string]string{}, issued: map[string]map[string]bool{}, received: map[string]bool{}}
	var published []*enrichtest.Issuer
	for _, algorithm := range algorithms {
		b.issuers[algorithm] = enrichtest.NewIssuer(t, algorithm)
		published = append(published, b.issuers[algorithm])
	}
	jwks := e2e.JWKS(published...)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /jwks.json", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, jwks) })
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		b.issue(w, r, r.FormValue("user"), "")
	})
	mux.HandleFunc("POST /padded", func(w http.ResponseWriter, r *http.Request) {
		b.issue(w, r, r.FormValue("user"), padding)
	})
	mux.HandleFunc("POST /token", b.refresh)
	mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		select {
		case <-time.After(2 * time.Second):
		case <-r.Context().Done():
		}
	})
	mux.HandleFunc("/large", func(w http.ResponseWriter, _ *http.Request) { io.CopyN(w, zeros{}, 16<<20) })
	mux.HandleFunc("/", func(_ http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) })
	b.Server = httptest.NewUnstartedServer(mux)
	b.Config.MaxHeaderBytes = 8 << 20
	b.Start()
	t.Cleanup(func() { b.CloseClientConnections(); b.Close() })
	return b
}

// zeros is a reader of endless zero bytes.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func (b *backend) refresh(w http.ResponseWriter, r *http.Request) {
	used := r.FormValue("refresh_token")
	b.mu.Lock()
	user, valid := b.users[used]
	delete(b.users, used)
	b.mu.Unlock()
	if !valid {
		http.Error(w, `{"error":"invalid_grant"}`, http.StatusBadRequest)
		return
	}
	b.issue(w, r, user, "")
}

// issue answers with a new pair of tokens. Honest users say in the header During which
// attack is on.
func (b *backend) issue(w http.ResponseWriter, r *http.Request, user, padding string) {
	issuer := b.issuers[r.FormValue("algorithm")]
	if issuer == nil {
		issuer = b.issuers[algorithms[0]]
	}
	next := rand.Text()
	b.mu.Lock()
	b.users[next] = user
	if during := r.Header.Get("During"); during != "" {
		if b.issued[during] == nil {
			b.issued[during] = map[string]bool{}
		}
		b.issued[during][next] = true
	}
	b.mu.Unlock()
	now := time.Now().Unix()
	token := issuer.Token(fmt.Sprintf(`{"sub":%q,"iat":%d,"exp":%d,"jti":%q}`, user, now, now+3600, rand.Text()))
	w.Header().Set("Content-Type", "application/json")
	io.WriteString(w, `{"padding":"`+padding+`"`)
	fmt.Fprintf(w, `,"access_token":%q,"refresh_token":%q}`, token, next)
}

var padding = strings.Repeat("p", 900_000)

func (b *backend) receive(refreshToken string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.received[refreshToken] = true
}

// burned returns how many refresh tokens the backend issued during an attack that no
// honest user received.
func (b *backend) burned(during string) (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for token := range b.issued[during] {
		if !b.received[token] {
			n++
		}
	}
	return n
}
