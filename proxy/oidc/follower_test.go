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

// scripted is a backend in the process. The test looks at it and changes it
// while all other goroutines of its bubble wait.
type scripted struct {
	turns  atomic.Int64 // of test and backend: in time that passes the race detector sees no order
	script script
	began  time.Time
	asked  []string        // method, URL, Host
	at     []time.Duration // since it began
	header http.Header     // of the last request
	heard  []string        // the token paths that Changed was told
	log    bytes.Buffer
}

type script func(*http.Request) (*http.Response, error)

func newScripted() *scripted {
	return &scripted{began: time.Now(), script: says(saying("/t"))}
}

// answers makes the backend answer so from now on.
func (b *scripted) answers(s script) { b.script = s }

// pass lets time pass, and waits until all is done that is due.
func (b *scripted) pass(d time.Duration) {
	b.turns.Add(1)
	time.Sleep(d)
	synctest.Wait()
}

func (b *scripted) RoundTrip(r *http.Request) (*http.Response, error) {
	b.turns.Add(1)
	b.asked = append(b.asked, fmt.Sprintf("%s %s %s", r.Method, r.URL, r.Host))
	b.at = append(b.at, time.Since(b.began))
	b.header = r.Header
	response, err := b.script(r)
	if response != nil {
		response.Request = r
	}
	return response, err
}

// saying is a document with this token endpoint.
func saying(token string) string { return with(`,"token_endpoint":"https://a.example` + token + `"`) }

func answer(status int, body string, header ...string) *http.Response {
	response := &http.Response{StatusCode: status, Status: fmt.Sprint(status, " ", http.StatusText(status)), Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
	for i := 0; i < len(header); i += 2 {
		response.Header.Add(header[i], header[i+1])
	}
	return response
}

func says(document string, header ...string) script {
	return func(*http.Request) (*http.Response, error) {
		return answer(http.StatusOK, document, header...), nil
	}
}

func fails(*http.Request) (*http.Response, error) { return nil, errors.New("connection refused") }

// hangs answers when nobody waits any more.
func hangs(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, context.Cause(r.Context())
}

func (b *scripted) options() oidc.Options {
	return oidc.Options{
		Client:   &http.Client{Transport: b},
		Backend:  backend,
		Paths:    []string{wellKnown},
		OnChange: func(d oidc.Discovery) { b.heard = append(b.heard, d.Token) },
		Logger:   slog.New(slog.NewTextHandler(&b.log, nil)),
	}
}

// follow follows the backend until the test ends, and waits until all is done
// that is to be done now.
func (b *scripted) follow(t *testing.T, o oidc.Options) *oidc.Follower {
	f := oidc.NewFollower(o)
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

func TestFollower_FetchesAgainAsCacheControlSays(t *testing.T) {
	tests := []struct {
		name   string
		header []string
		want   time.Duration
	}{
		{"says nothing", nil, 10 * time.Minute},
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
				b := newScripted()
				b.answers(says(saying("/t"), tt.header...))
				b.follow(t, b.options())
				b.pass(tt.want + time.Second)
				if want := []time.Duration{0, tt.want}; !slices.Equal(b.at, want) {
					t.Errorf("asked at %v, want %v", b.at, want)
				}
			})
		})
	}
}

func TestFollower_CallsOnChangeOnlyWhenSomethingDiffers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newScripted()
		b.follow(t, b.options())
		for _, document := range []string{
			saying("/t"),
			strings.Replace(saying("/t"), "{", "{ \"unknown\":1,\n", 1),
			saying("/u"),
			saying("/t"),
			strings.Replace(saying("/t"), "}", `,"id_token_signing_alg_values_supported":["RS256"]}`, 1),
		} {
			b.answers(says(document))
			b.pass(10 * time.Minute)
		}
		if want := []string{"/t", "/u", "/t", "/t"}; !slices.Equal(b.heard, want) {
			t.Errorf("Changed was called with the token endpoints %q, want %q", b.heard, want)
		}
	})
}

func TestFollower_BackendMayStartLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newScripted()
		b.answers(fails)
		f := b.follow(t, b.options())
		if err := f.State(); !errors.Is(err, oidc.ErrNotFetched) || !strings.Contains(err.Error(), "connection refused") {
			t.Errorf("State = %v, want ErrNotFetched and why", err)
		}
		b.pass(121 * time.Second)
		var want []time.Duration
		for _, seconds := range []int{0, 1, 3, 7, 15, 31, 61, 91, 121} {
			want = append(want, time.Duration(seconds)*time.Second)
		}
		if !slices.Equal(b.at, want) {
			t.Errorf("asked at %v, want %v", b.at, want)
		}
		b.answers(says(saying("/t")))
		b.pass(30 * time.Second)
		if err := f.State(); err != nil || len(b.heard) != 1 {
			t.Errorf("State = %v after it started, Changed called %d times; want nil and once", err, len(b.heard))
		}
		b.answers(fails) // pauses begin small again
		before := len(b.at)
		b.pass(10*time.Minute + time.Second)
		if at := b.at[before:]; len(at) != 2 || at[1]-at[0] != time.Second {
			t.Errorf("asked at %v, want twice, a second apart", at)
		}
	})
}

func TestFollower_KeepsTheLastGoodDocumentWhileFetchingFails(t *testing.T) {
	tests := map[string]script{
		"refused":    fails,
		"hangs":      hangs,
		"status":     func(*http.Request) (*http.Response, error) { return answer(503, saying("/u")), nil },
		"wrong":      says(`{"issuer":"https://a.example"}`),
		"no JSON":    says(`<html>`),
		"too large":  says(saying("/u") + strings.Repeat(" ", oidc.MaxDocument)),
		"no content": func(*http.Request) (*http.Response, error) { return answer(204, ""), nil },
	}
	for name, failure := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newScripted()
				f := b.follow(t, b.options())
				b.answers(failure)
				b.pass(20 * time.Minute)
				if err := f.State(); err == nil || errors.Is(err, oidc.ErrNotFetched) {
					t.Errorf("State = %v, want why it fails", err)
				}
				if got := strings.Count(b.log.String(), "level=WARN"); got != 1 {
					t.Errorf("%d warnings, want 1: %s", got, b.log.String())
				}
				b.answers(says(saying("/t")))
				b.pass(time.Minute)
				if err := f.State(); err != nil || strings.Count(b.log.String(), "level=INFO") != 1 {
					t.Errorf("State = %v, want nil and one line that it is there again: %s", err, b.log.String())
				}
				if want := []string{"/t"}; !slices.Equal(b.heard, want) {
					t.Errorf("Changed was called with %q, want %q", b.heard, want)
				}
			})
		})
	}
}

func TestFollower_KnowsNothingBeforeTheFirstAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newScripted()
		b.answers(hangs)
		f := b.follow(t, b.options())
		if err := f.State(); err != oidc.ErrNotFetched {
			t.Errorf("State = %v, want ErrNotFetched", err)
		}
		b.pass(3 * time.Second) // the wait for an answer is bounded
		if err := f.State(); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("State = %v, want the deadline", err)
		}
	})
}

func TestFollower_StateKnowsADocumentOnlyAfterOnChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newScripted()
		o := b.options()
		goOn := make(chan struct{})
		o.OnChange = func(oidc.Discovery) { <-goOn }
		f := b.follow(t, o)
		if err := f.State(); !errors.Is(err, oidc.ErrNotFetched) {
			t.Errorf("State = %v while Changed runs, want ErrNotFetched", err)
		}
		close(goOn)
		synctest.Wait()
		if err := f.State(); err != nil {
			t.Errorf("State = %v, want nil", err)
		}
	})
}

func TestFollower_AsksTheBackendAsClientsDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newScripted()
		o := b.options()
		o.PublicURL = public
		b.follow(t, o)
		if want := []string{"GET http://127.0.0.1:9000" + wellKnown + " auth.example.com"}; !slices.Equal(b.asked, want) {
			t.Errorf("asked %q, want %q", b.asked, want)
		}
		if got := b.header.Get("X-Forwarded-Proto") + " " + b.header.Get("X-Forwarded-Host"); got != "https auth.example.com" {
			t.Errorf("X-Forwarded-Proto and -Host are %s", got)
		}
	})
}

func TestFollower_TriesPathsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newScripted()
		o := b.options()
		o.Paths = []string{"/a", "/b", "/c"}
		b.answers(func(r *http.Request) (*http.Response, error) {
			if r.URL.Path == "/a" {
				return answer(404, ""), nil
			}
			return answer(200, saying(r.URL.Path)), nil
		})
		f := b.follow(t, o)
		if len(b.asked) != 2 || !slices.Equal(b.heard, []string{"/b"}) || f.State() != nil {
			t.Errorf("asked %q, heard %q, State %v; want /a, then /b", b.asked, b.heard, f.State())
		}
		b.answers(func(*http.Request) (*http.Response, error) { return answer(404, ""), nil })
		b.pass(10 * time.Minute)
		for _, path := range o.Paths {
			if err := f.State(); !strings.Contains(err.Error(), path+": answered 404") {
				t.Errorf("State = %v, want what %s answered", err, path)
			}
		}
	})
}

func TestFollower_RedirectsStayAtTheBackend(t *testing.T) {
	tests := []struct {
		name, location string
		follows        bool
	}{
		{"relative", "/new", true},
		{"absolute", "http://127.0.0.1:9000/new", true},
		{"public address, which is ourselves", "https://auth.example.com/new", true},
		{"another host", "http://evil.example/new", false},
		{"another port", "http://127.0.0.1:9001/new", false},
		{"without end", wellKnown, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newScripted()
				b.answers(func(r *http.Request) (*http.Response, error) {
					if r.URL.Path == "/new" {
						return answer(200, saying("/t")), nil
					}
					return answer(302, "", "Location", tt.location), nil
				})
				o := b.options()
				o.PublicURL = public
				_, err := oidc.NewFollower(o).Fetch(t.Context())
				if (err == nil) != tt.follows {
					t.Errorf("Ask = %v; want it to follow: %v", err, tt.follows)
				}
				if len(b.asked) > 6 {
					t.Errorf("%d requests", len(b.asked))
				}
				for _, asked := range b.asked {
					if !strings.HasPrefix(asked, "GET http://127.0.0.1:9000/") || !strings.HasSuffix(asked, " auth.example.com") {
						t.Errorf("asked %s", asked)
					}
				}
			})
		})
	}
}

func TestFollower_ReadsNoFurtherThanTheBound(t *testing.T) {
	b := newScripted()
	endless := &counted{}
	b.answers(func(*http.Request) (*http.Response, error) {
		response := answer(200, "")
		response.Body = io.NopCloser(endless)
		return response, nil
	})
	if _, err := oidc.NewFollower(b.options()).Fetch(t.Context()); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("Ask = %v, want that it is too large", err)
	}
	if endless.read > oidc.MaxDocument+1 {
		t.Errorf("%d bytes read, want at most %d", endless.read, oidc.MaxDocument+1)
	}
}

// counted is white space without end.
type counted struct{ read int }

func (c *counted) Read(p []byte) (int, error) {
	c.read += len(p)
	return copy(p, bytes.Repeat([]byte(" "), len(p))), nil
}

func TestFetch_NeitherLogsNorCallsOnChange(t *testing.T) {
	b := newScripted()
	d, err := oidc.NewFollower(b.options()).Fetch(t.Context())
	if err != nil || d.Token != "/t" || len(b.heard) > 0 {
		t.Errorf("Ask = %+v, %v; Changed was told %q", d, err, b.heard)
	}
	b.answers(fails)
	if _, err := oidc.NewFollower(b.options()).Fetch(t.Context()); err == nil || b.log.Len() > 0 {
		t.Errorf("Ask = %v, want an error and no log: %s", err, b.log.String())
	}
}

func TestFollower_EndsWithItsContext(t *testing.T) {
	for name, answer := range map[string]script{"asking": hangs, "waiting": says(saying("/t")), "failing": fails} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newScripted()
				b.answers(answer)
				ctx, cancel := context.WithCancel(t.Context())
				ended := false
				go func() {
					oidc.NewFollower(b.options()).Run(ctx)
					ended = true
				}()
				synctest.Wait()
				logged := b.log.Len()
				cancel()
				synctest.Wait()
				if !ended || b.log.Len() != logged {
					t.Errorf("ended %v, logged %s; want it to end and say nothing", ended, b.log.String())
				}
			})
		})
	}
}
