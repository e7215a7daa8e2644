package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
)

// live is a sidecar in front of a backend, whose files a test changes.
type live struct {
	t       *testing.T
	dir     string
	public  string // base URLs
	admin   string
	backend *slowBackend
	log     *logText
	stop    func()
}

const liveConfig = `listen: PUBLIC
backend: BACKEND
admin: ADMIN
rules:
  - {match: POST /login, tokens: ["json:token"]}
verify: {secret_file: secret}
documents: {file: users.json, user_id_field: id}
`

// startLive starts a sidecar with this configuration, in which PUBLIC, ADMIN and
// BACKEND stand for addresses.
func startLive(t *testing.T, configuration string) *live {
	t.Helper()
	l := &live{t: t, dir: t.TempDir(), backend: startSlowBackend(t), log: &logText{}}
	for _, address := range []*string{&l.public, &l.admin} {
		free, err := freeAddress()
		if err != nil {
			t.Fatal(err)
		}
		*address = "http://" + free
	}
	l.write("secret", enrichtest.Secret)
	l.write("users.json", `[{"id":"anna","city":"Wien","lang":"de"}]`)
	l.configure(configuration)
	ctx, stop := context.WithCancel(context.Background())
	stopped := make(chan int, 1)
	go func() {
		stopped <- Run(ctx, []string{"serve", "-c", filepath.Join(l.dir, "tokengraft.yaml")}, strings.NewReader(""), io.Discard, l.log)
	}()
	l.stop = sync.OnceFunc(func() {
		stop()
		if code := <-stopped; code != exitOK {
			t.Errorf("serve: exit code %d, want %d", code, exitOK)
		}
		if t.Failed() {
			t.Log(l.log)
		}
	})
	t.Cleanup(l.stop)
	waitForAddress(t, strings.TrimPrefix(l.admin, "http://"))
	return l
}

// write makes a file, or replaces it as editors do.
func (l *live) write(name, content string) {
	l.t.Helper()
	path := filepath.Join(l.dir, name)
	if err := os.WriteFile(path+"~", []byte(content), 0o600); err != nil {
		l.t.Fatal(err)
	}
	if err := os.Rename(path+"~", path); err != nil {
		l.t.Fatal(err)
	}
}

func (l *live) configure(configuration string) {
	l.t.Helper()
	host := func(base string) string { return strings.TrimPrefix(base, "http://") }
	l.write("tokengraft.yaml", strings.NewReplacer("PUBLIC", host(l.public), "ADMIN", host(l.admin), "BACKEND", l.backend.URL).Replace(configuration))
}

// reconfigure replaces a part of the configuration, and waits until that counts.
func (l *live) reconfigure(old, new string) {
	l.t.Helper()
	content, err := os.ReadFile(filepath.Join(l.dir, "tokengraft.yaml"))
	if err != nil || !strings.Contains(string(content), old) {
		l.t.Fatalf("no %q in the configuration, %v", old, err)
	}
	l.after("configuration reloaded", func() { l.configure(strings.ReplaceAll(string(content), old, new)) })
}

// after does something, and waits for a line in the log that comes of it.
func (l *live) after(want string, do func()) (line string) {
	l.t.Helper()
	seen := l.log.count(want)
	do()
	l.eventually("the log says "+want, func() bool { return l.log.count(want) > seen })
	return l.log.last(want)
}

func (l *live) eventually(what string, holds func() bool) {
	l.t.Helper()
	for range 600 {
		if holds() {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	l.t.Fatalf("it never happened that %s; the log:\n%s", what, l.log)
}

// logIn returns the claims of the token of a login at this path.
func (l *live) logIn(path string) (claims string) {
	l.t.Helper()
	claims, err := l.tryLogIn(path)
	if err != nil {
		l.t.Fatal(err)
	}
	return claims
}

func (l *live) tryLogIn(path string) (claims string, err error) {
	response, err := http.Post(l.public+path, "application/json", strings.NewReader("{}"))
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	var body struct{ Token string }
	if err := json.NewDecoder(response.Body).Decode(&body); err != nil {
		return "", fmt.Errorf("%s: %w", response.Status, err)
	}
	_, claims = enrichtest.Split(l.t, body.Token)
	return claims, nil
}

// logInSlowly begins a login that the backend does not answer before it is told
// to, and returns when it is there. The claims come from the channel.
func (l *live) logInSlowly() (claims <-chan string) {
	found := make(chan string, 1)
	go func() {
		claims, err := l.tryLogIn("/slow")
		if err != nil {
			l.t.Error(err)
		}
		found <- claims
	}()
	<-l.backend.reached
	return found
}

// slowBackend issues a token for anna at every path; at /slow when it is told to.
type slowBackend struct {
	*httptest.Server
	mu       sync.Mutex
	issuer   *enrichtest.Issuer // guarded by mu
	reached  chan struct{}
	released chan struct{}
}

func startSlowBackend(t *testing.T) *slowBackend {
	b := &slowBackend{issuer: enrichtest.NewIssuer(t, "HS256"), reached: make(chan struct{}, 1), released: make(chan struct{})}
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			b.reached <- struct{}{}
			<-b.released
		}
		w.Header().Set("Content-Type", "application/json")
		b.mu.Lock()
		defer b.mu.Unlock()
		fmt.Fprintf(w, `{"token":%q}`, b.issuer.Token(fmt.Sprintf(`{"sub":"anna","exp":%d}`, time.Now().Add(time.Hour).Unix())))
	}))
	t.Cleanup(b.Close)
	return b
}

// signWith makes another secret the backend's.
func (b *slowBackend) signWith(secret string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.issuer.Private = []byte(secret)
}

// logText is a log that can be read while it is written.
type logText struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *logText) count(text string) int { return strings.Count(l.String(), text) }

// last returns the last line with this text.
func (l *logText) last(text string) (line string) {
	for each := range strings.Lines(l.String()) {
		if strings.Contains(each, text) {
			line = each
		}
	}
	return line
}
