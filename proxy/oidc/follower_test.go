package oidc_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokengraft/tokengraft/proxy/oidc"
)

const wellKnown = "/.well-known/openid-configuration"

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

func TestNewFollower_ErrorNamesEveryMissingOption(t *testing.T) {
	f, err := oidc.NewFollower(oidc.Options{})
	if f != nil || err == nil {
		t.Fatalf("NewFollower with no options = %v, %v; want nil and an error", f, err)
	}
	for _, option := range []string{"Options.Client", "Options.Backend", "Options.Paths"} {
		if !strings.Contains(err.Error(), option) {
			t.Errorf("NewFollower with no options = %v, want an error that names %s", err, option)
		}
	}
}

func TestFollower_FetchesAgainWhenCacheControlExpires(t *testing.T) {
	tests := []struct {
		name   string
		header []string
		want   time.Duration
	}{
		{"no header", nil, 10 * time.Minute},
		{"max-age", []string{"Cache-Control", "public, max-age=120"}, 2 * time.Minute},
		{"second line, quoted, other case", []string{"Cache-Control", "public", "Cache-Control", `Max-Age="120"`}, 2 * time.Minute},
		{"short", []string{"Cache-Control", "max-age=1"}, time.Minute},
		{"below zero", []string{"Cache-Control", "max-age=-9"}, time.Minute},
		{"long", []string{"Cache-Control", "max-age=31536000"}, 10 * time.Minute},
		{"no-store", []string{"Cache-Control", "no-store"}, time.Minute},
		{"no-cache", []string{"Cache-Control", "private, no-cache, max-age=600"}, time.Minute},
		{"malformed", []string{"Cache-Control", "max-age=soon"}, time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newFakeBackend()
				b.respond = respondWith(documentWith("/t"), tt.header...)
				b.follow(t, b.options())
				b.advance(tt.want + time.Second)
				if want := []time.Duration{0, tt.want}; !slices.Equal(b.times, want) {
					t.Errorf("%s: fetched at %v, want %v", tt.header, b.times, want)
				}
			})
		})
	}
}

// Before the first document there is none that could stay in use.
func TestFollower_SaysWhatHappensUntilARetrySucceeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFakeBackend()
		b.respond = refuseConnection
		b.follow(t, b.options())
		if first := b.log.String(); !strings.Contains(first, "Until then no token is enriched") {
			t.Errorf("the first fetch fails: got the log\n%s\nwant that no token is enriched", first)
		}
		b.respond = respondWith(documentWith("/t"))
		b.advance(time.Minute)
		b.log.Reset()
		b.respond = refuseConnection
		b.advance(20 * time.Minute)
		if later := b.log.String(); !strings.Contains(later, "Until then the last good one stays in use") {
			t.Errorf("a later fetch fails: got the log\n%s\nwant that the last good document stays in use", later)
		}
	})
}

func TestFollower_CallsOnChangeOnlyWhenSomethingDiffers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFakeBackend()
		b.follow(t, b.options())
		for _, document := range []string{
			documentWith("/t"),
			strings.Replace(documentWith("/t"), "{", "{ \"unknown\":1,\n", 1),
			documentWith("/u"),
			documentWith("/t"),
			strings.Replace(documentWith("/t"), "}", `,"id_token_signing_alg_values_supported":["RS256"]}`, 1),
		} {
			b.respond = respondWith(document)
			b.advance(10 * time.Minute)
		}
		if want := []string{"/t", "/u", "/t", "/t"}; !slices.Equal(b.changes, want) {
			t.Errorf("OnChange was called with the token endpoints %q, want %q", b.changes, want)
		}
	})
}

func TestFollower_RetriesUntilTheBackendStarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFakeBackend()
		b.respond = refuseConnection
		f := b.follow(t, b.options())
		if err := f.State(); !errors.Is(err, oidc.ErrNotFetched) || !strings.Contains(err.Error(), "connection refused") {
			t.Errorf("State = %v, want ErrNotFetched and \"connection refused\"", err)
		}
		b.advance(121 * time.Second)
		var want []time.Duration
		for _, seconds := range []int{0, 1, 3, 7, 15, 31, 61, 91, 121} {
			want = append(want, time.Duration(seconds)*time.Second)
		}
		if !slices.Equal(b.times, want) {
			t.Errorf("fetched at %v, want %v", b.times, want)
		}
		b.respond = respondWith(documentWith("/t"))
		b.advance(30 * time.Second)
		if err := f.State(); err != nil || len(b.changes) != 1 {
			t.Errorf("after the backend started: State = %v, %d calls of OnChange; want nil and 1 call", err, len(b.changes))
		}
		b.respond = refuseConnection // pauses start at 1 second again
		before := len(b.times)
		b.advance(10*time.Minute + time.Second)
		if at := b.times[before:]; len(at) != 2 || at[1]-at[0] != time.Second {
			t.Errorf("fetched at %v, want 2 fetches 1 second apart", at)
		}
	})
}

func TestFollower_KeepsTheLastGoodDocumentWhileFetchingFails(t *testing.T) {
	tests := map[string]responder{
		"refused":    refuseConnection,
		"hang":       hang,
		"status":     func(*http.Request) (*http.Response, error) { return newResponse(503, documentWith("/u")), nil },
		"incomplete": respondWith(`{"issuer":"https://a.example"}`),
		"HTML":       respondWith(`<html>`),
		"too large":  respondWith(documentWith("/u") + strings.Repeat(" ", oidc.MaxDocument)),
		"no content": func(*http.Request) (*http.Response, error) { return newResponse(204, ""), nil },
	}
	for name, failure := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newFakeBackend()
				f := b.follow(t, b.options())
				b.respond = failure
				b.advance(20 * time.Minute)
				if err := f.State(); err == nil || errors.Is(err, oidc.ErrNotFetched) {
					t.Errorf("State = %v, want the cause of the failure and not ErrNotFetched", err)
				}
				if got := strings.Count(b.log.String(), "level=WARN"); got != 1 {
					t.Errorf("log has %d warnings, want 1:\n%s", got, b.log.String())
				}
				b.respond = respondWith(documentWith("/t"))
				b.advance(time.Minute)
				if err := f.State(); err != nil || strings.Count(b.log.String(), "level=INFO") != 1 {
					t.Errorf("after the failure: State = %v, want nil and one line of level INFO in the log:\n%s", err, b.log.String())
				}
				if want := []string{"/t"}; !slices.Equal(b.changes, want) {
					t.Errorf("OnChange was called with %q, want %q", b.changes, want)
				}
			})
		})
	}
}

func TestFollower_StateIsNotFetchedBeforeTheFirstResponse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFakeBackend()
		b.respond = hang
		f := b.follow(t, b.options())
		if err := f.State(); err != oidc.ErrNotFetched {
			t.Errorf("State = %v, want ErrNotFetched", err)
		}
		b.advance(3 * time.Second) // the timeout of a fetch
		if err := f.State(); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("State = %v, want context.DeadlineExceeded", err)
		}
	})
}

func TestFollower_StateReportsADocumentOnlyAfterOnChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFakeBackend()
		o := b.options()
		proceed := make(chan struct{})
		o.OnChange = func(oidc.Discovery) { <-proceed }
		f := b.follow(t, o)
		if err := f.State(); !errors.Is(err, oidc.ErrNotFetched) {
			t.Errorf("State = %v while OnChange runs, want ErrNotFetched", err)
		}
		close(proceed)
		synctest.Wait()
		if err := f.State(); err != nil {
			t.Errorf("State = %v after OnChange, want nil", err)
		}
	})
}

func TestFollower_TriesPathsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFakeBackend()
		o := b.options()
		o.Paths = []string{"/a", "/b", "/c"}
		b.respond = func(r *http.Request) (*http.Response, error) {
			if r.URL.Path == "/a" {
				return newResponse(404, ""), nil
			}
			return newResponse(200, documentWith(r.URL.Path)), nil
		}
		f := b.follow(t, o)
		if len(b.requests) != 2 || !slices.Equal(b.changes, []string{"/b"}) || f.State() != nil {
			t.Errorf("requests = %q, OnChange with %q, State = %v; want requests for /a and /b, OnChange with /b, and nil", b.requests, b.changes, f.State())
		}
		b.respond = func(*http.Request) (*http.Response, error) { return newResponse(404, ""), nil }
		b.advance(10 * time.Minute)
		for _, path := range o.Paths {
			if err := f.State(); !strings.Contains(err.Error(), path+": the server answered 404") {
				t.Errorf("State = %v, want the answer of %s in it", err, path)
			}
		}
	})
}

// The advice helps only if nothing is at any path.
func TestFetch_NamesTheSettingIfThereIsNoDocument(t *testing.T) {
	for statuses, want := range map[[2]int]bool{{404, 404}: true, {404, 503}: false, {503, 404}: false, {404, 200}: false} {
		b := newFakeBackend()
		o := b.options()
		o.Paths = []string{"/0", "/1"}
		b.respond = func(r *http.Request) (*http.Response, error) {
			return newResponse(statuses[r.URL.Path[1]-'0'], "no document"), nil
		}
		_, err := newFollower(t, o).Fetch(t.Context())
		if err == nil || strings.Contains(err.Error(), "set oidc.discovery") != want {
			t.Errorf("Fetch with the answers %v = %v, want an error that names oidc.discovery: %t", statuses, err, want)
		}
	}
}

func TestFollower_StopsReadingAfterMaxDocument(t *testing.T) {
	b := newFakeBackend()
	endless := &counted{}
	b.respond = func(*http.Request) (*http.Response, error) {
		response := newResponse(200, "")
		response.Body = io.NopCloser(endless)
		return response, nil
	}
	if _, err := newFollower(t, b.options()).Fetch(t.Context()); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("Fetch = %v, want an error that contains \"larger than\"", err)
	}
	if endless.read > oidc.MaxDocument+1 {
		t.Errorf("Fetch read %d bytes, want at most %d", endless.read, oidc.MaxDocument+1)
	}
}

// counted is endless white space. It counts the bytes that were read.
type counted struct{ read int }

func (c *counted) Read(p []byte) (int, error) {
	c.read += len(p)
	return copy(p, bytes.Repeat([]byte(" "), len(p))), nil
}

func TestFetch_NeitherLogsNorCallsOnChange(t *testing.T) {
	b := newFakeBackend()
	d, err := newFollower(t, b.options()).Fetch(t.Context())
	if err != nil || d.Token != "/t" || len(b.changes) > 0 {
		t.Errorf("Fetch = %+v, %v; OnChange was called with %q; want the token endpoint /t and no calls", d, err, b.changes)
	}
	b.respond = refuseConnection
	if _, err := newFollower(t, b.options()).Fetch(t.Context()); err == nil || b.log.Len() > 0 {
		t.Errorf("Fetch = %v, want an error and an empty log:\n%s", err, b.log.String())
	}
}

func TestFollower_StopsWhenItsContextEnds(t *testing.T) {
	for name, respond := range map[string]responder{"fetching": hang, "waiting": respondWith(documentWith("/t")), "failing": refuseConnection} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newFakeBackend()
				b.respond = respond
				ctx, cancel := context.WithCancel(t.Context())
				ended := false
				go func() {
					newFollower(t, b.options()).Run(ctx)
					ended = true
				}()
				synctest.Wait()
				logged := b.log.Len()
				cancel()
				synctest.Wait()
				if !ended || b.log.Len() != logged {
					t.Errorf("ended = %t, log:\n%s\nwant it to end and log nothing more", ended, b.log.String())
				}
			})
		})
	}
}
