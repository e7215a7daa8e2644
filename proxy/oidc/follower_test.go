package oidc_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokengraft/tokengraft/proxy/oidc"
)

const wellKnown = "/.well-known/openid-configuration"

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
