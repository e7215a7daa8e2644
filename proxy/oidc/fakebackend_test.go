package oidc_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokengraft/tokengraft/proxy/oidc"
)

// fakeBackend is a backend in this process. The test reads and changes it while all
// other goroutines of its bubble wait.
type fakeBackend struct {
	sync     atomic.Int64 // orders test and backend for the race detector, which ignores the clock
	respond  responder
	started  time.Time
	requests []string        // method, URL, Host
	times    []time.Duration // of the requests, since started
	header   http.Header     // of the last request
	changes  []string        // the token paths that OnChange was called with
	log      bytes.Buffer
}

type responder func(*http.Request) (*http.Response, error)

func newFakeBackend() *fakeBackend {
	return &fakeBackend{started: time.Now(), respond: respondWith(documentWith("/t"))}
}

// advance lets time pass and waits until all goroutines are idle.
func (b *fakeBackend) advance(d time.Duration) {
	b.sync.Add(1)
	time.Sleep(d)
	synctest.Wait()
}

func (b *fakeBackend) RoundTrip(r *http.Request) (*http.Response, error) {
	b.sync.Add(1)
	b.requests = append(b.requests, fmt.Sprintf("%s %s %s", r.Method, r.URL, r.Host))
	b.times = append(b.times, time.Since(b.started))
	b.header = r.Header
	response, err := b.respond(r)
	if response != nil {
		response.Request = r
	}
	return response, err
}

// documentWith returns a document with this token endpoint.
func documentWith(token string) string {
	return with(`,"token_endpoint":"https://a.example` + token + `"`)
}

// newResponse returns a response. header has names and values by turns.
func newResponse(status int, body string, header ...string) *http.Response {
	response := &http.Response{StatusCode: status, Status: fmt.Sprint(status, " ", http.StatusText(status)), Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
	for i := 0; i < len(header); i += 2 {
		response.Header.Add(header[i], header[i+1])
	}
	return response
}

func respondWith(document string, header ...string) responder {
	return func(*http.Request) (*http.Response, error) {
		return newResponse(http.StatusOK, document, header...), nil
	}
}

func refuseConnection(*http.Request) (*http.Response, error) {
	return nil, errors.New("connection refused")
}

// hang does not answer until the request is canceled.
func hang(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, context.Cause(r.Context())
}

func (b *fakeBackend) options() oidc.Options {
	return oidc.Options{
		Client:   &http.Client{Transport: b},
		Backend:  backend,
		Paths:    []string{wellKnown},
		OnChange: func(d oidc.Discovery) { b.changes = append(b.changes, d.Token) },
		Logger:   slog.New(slog.NewTextHandler(&b.log, nil)),
	}
}

// follow runs a Follower until the test ends. It returns when all goroutines are idle.
func (b *fakeBackend) follow(t *testing.T, o oidc.Options) *oidc.Follower {
	f := newFollower(t, o)
	ctx, cancel := context.WithCancel(t.Context())
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		f.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-stopped
	})
	synctest.Wait()
	return f
}

func newFollower(t *testing.T, o oidc.Options) *oidc.Follower {
	t.Helper()
	f, err := oidc.NewFollower(o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}
