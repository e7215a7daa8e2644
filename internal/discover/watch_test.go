package discover_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/internal/discover"
)

// A lockedBuffer is a standard error that a test reads meanwhile.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
	seen chan struct{} // gets a value after each write
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer func() {
		select {
		case b.seen <- struct{}{}:
		default:
		}
	}()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

var listening = regexp.MustCompile(`listening on (http://\S+) in front of`)

// address waits for the address of a capture.
func (b *lockedBuffer) address(t *testing.T) string {
	t.Helper()
	return b.wait(t, listening)[1]
}

// wait waits until the text matches, and returns the match.
func (b *lockedBuffer) wait(t *testing.T, pattern *regexp.Regexp) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		if match := pattern.FindStringSubmatch(b.String()); match != nil {
			return match
		}
		select {
		case <-b.seen:
		case <-ctx.Done():
			t.Fatalf("no %s in %q", pattern, b.String())
		}
	}
}

// A running is a discover that runs.
type running struct {
	url            string
	stdout, stderr *lockedBuffer
	ended          chan error
}

func newBuffer() *lockedBuffer { return &lockedBuffer{seen: make(chan struct{}, 1)} }

// start runs discover in front of a backend.
func start(ctx context.Context, t *testing.T, backend http.Handler, o discover.Options) *running {
	t.Helper()
	server := httptest.NewServer(backend)
	t.Cleanup(server.Close)
	o.Backend, _ = url.Parse(server.URL)
	r := &running{stdout: newBuffer(), stderr: newBuffer(), ended: make(chan error, 1)}
	o.Stdout, o.Stderr = r.stdout, r.stderr
	go func() { r.ended <- discover.Run(ctx, o) }()
	r.url = r.stderr.address(t)
	return r
}

func (r *running) get(t *testing.T, path string, header ...string) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	return res
}

var watched = jws(`{"alg":"HS256"}`, `{"sub":"62efedca3587e6e83c0fc675"}`, "watched")

// legacy is a backend with a login, in JSON that is compressed whatever the client accepts.
func legacy() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("password") != "correct horse" {
			http.Error(w, "wrong password", http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Content-Type", "text/html")
		z := gzip.NewWriter(w)
		fmt.Fprintf(z, `{"result":{"jwt":%q}}`, watched)
		z.Close()
	})
	mux.HandleFunc("GET /me", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{}`) })
	mux.HandleFunc("GET /stream", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprintf(w, "data: first\n\n")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	mux.HandleFunc("POST /upload", func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		fmt.Fprint(w, n)
	})
	return mux
}

func TestRun_StopsAfterTheRequestsAndWritesAConfiguration(t *testing.T) {
	r := start(t.Context(), t, legacy(), discover.Options{Requests: 3})
	res, err := http.PostForm(r.url+"/login?hint=Zq7hint", url.Values{"username": {"anna"}, "password": {"correct horse"}})
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res, err = http.Post(r.url+"/upload", "application/octet-stream", bytes.NewReader(make([]byte, 3<<20))); err != nil {
		t.Fatal(err)
	}
	if n, _ := io.ReadAll(res.Body); string(n) != fmt.Sprint(3<<20) {
		t.Errorf("the backend got %s bytes of an upload, want %d", n, 3<<20)
	}
	res.Body.Close()
	r.get(t, "/me", "Authorization", "Bearer "+watched)
	if err := <-r.ended; err != nil {
		t.Fatal(err)
	}
	got := r.stdout.String()
	if cfg, err := load(t, got); err != nil || len(cfg.Rules) != 1 || cfg.Rules[0].Match != "POST /login" || cfg.Rules[0].Tokens[0].String() != "json:result.jwt" {
		t.Errorf("the configuration (%v) is\n%s\nwant a rule for POST /login with json:result.jwt", err, got)
	}
	progress := r.stderr.String()
	for _, want := range []string{"POST /login 200: a JWT at json:result.jwt\n", "GET /me 200: a JWT came back in header:Authorization\n"} {
		if !strings.Contains(progress, want) {
			t.Errorf("the progress is\n%s\nwant %q in it", progress, want)
		}
	}
	for _, secret := range []string{watched, "correct horse", "anna", "Zq7hint"} {
		if strings.Contains(progress+got, secret) {
			t.Errorf("the output has %q:\n%s%s", secret, progress, got)
		}
	}
}

// A stream arrives at once, and does not keep discover from stopping.
func TestRun_StreamsPassAndEndWithTheSession(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	r := start(ctx, t, legacy(), discover.Options{})
	res := r.get(t, "/stream")
	first := make([]byte, len("data: first\n\n"))
	if _, err := io.ReadFull(res.Body, first); err != nil || string(first) != "data: first\n\n" {
		t.Fatalf("the stream begins with %q (%v), want its first event", first, err)
	}
	stop()
	if err := <-r.ended; !errors.Is(err, discover.ErrNoToken) {
		t.Errorf("Run without a token: %v, want ErrNoToken", err)
	}
	if r.stdout.String() != "" {
		t.Errorf("standard output has %q, want nothing", r.stdout)
	}
}

func TestRun_WarnsOfAddressesThatOthersReach(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	r := start(ctx, t, legacy(), discover.Options{Listen: "0.0.0.0:0"})
	stop()
	<-r.ended
	if !strings.Contains(r.stderr.String(), "not a loopback address") {
		t.Errorf("the progress on 0.0.0.0 is %q, want a warning", r.stderr)
	}
}

// A capture keeps little: text up to 1 MiB, and of a person who uses the app for hours only
// the first 1,000 exchanges.
func TestCapture_IsBounded(t *testing.T) {
	large := strings.Repeat("x", 1<<20)
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", r.URL.Query().Get("type"))
		if r.URL.Path == "/large" {
			fmt.Fprint(w, large)
		}
		fmt.Fprint(w, `{"a":"b"}`)
	}))
	defer backend.Close()
	u, _ := url.Parse(backend.URL)
	capture, err := discover.NewCapture(discover.CaptureOptions{Backend: u, Done: func(discover.Exchange) {}})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(target string) {
		capture.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, nil))
	}
	ask("/large?type=application/json")
	ask("/image?type=image/png")
	for range 1005 {
		ask("/?type=text/plain")
	}
	exchanges, dropped := capture.Exchanges()
	if len(exchanges) != 1000 || dropped != 7 {
		t.Errorf("%d exchanges were kept and %d were not, want 1000 and 7", len(exchanges), dropped)
	}
	for _, e := range exchanges[:3] {
		cut, kept := e.Path == "/large", e.Path == "/"
		if e.Cut != cut || (len(e.Body) > 0) != kept {
			t.Errorf("the answer to %s: %d bytes kept, cut %t; want kept %t, cut %t", e.Path, len(e.Body), e.Cut, kept, cut)
		}
	}
}

// The sidecar sends the Host of the client, so --host is not in the configuration.
func TestRun_SaysThatClientsHaveToUseTheHost(t *testing.T) {
	r := start(t.Context(), t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host == "auth.example.com" {
			fmt.Fprintf(w, `{"token":%q}`, watched)
		}
	}), discover.Options{Requests: 1, Host: "auth.example.com"})
	r.get(t, "/login")
	if err := <-r.ended; err != nil || !strings.Contains(r.stdout.String(), "sent the Host auth.example.com") {
		t.Errorf("with a Host of its own: %v,\n%s\nwant a sentence about it", err, r.stdout)
	}
}

// The name of a user and their password are in no later path of the progress.
func TestRun_ProgressDoesNotSayWhoSomebodyIs(t *testing.T) {
	token := jws(`{"alg":"HS256"}`, `{"sub":"u1","login":"annasmith"}`, "progress")
	r := start(t.Context(), t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/login" {
			fmt.Fprintf(w, `{"token":%q}`, token)
		}
	}), discover.Options{Requests: 4})
	res, err := http.PostForm(r.url+"/login", url.Values{"password": {"correcthorse"}})
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	for _, path := range []string{"/profile/annasmith/x", "/links/correcthorse/", "/me"} {
		r.get(t, path, "Authorization", "Bearer "+token)
	}
	if err := <-r.ended; err != nil {
		t.Fatal(err)
	}
	got := r.stderr.String()
	if strings.Contains(got, "annasmith") || strings.Contains(got, "correcthorse") || !strings.Contains(got, "GET /profile/{id}/x 200: a JWT came back") || !strings.Contains(got, "GET /me 200: a JWT came back") {
		t.Errorf("the progress is\n%s\nwant the paths, without the user", got)
	}
}
