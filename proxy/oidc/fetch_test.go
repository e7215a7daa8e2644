package oidc_test

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokengraft/tokengraft/proxy/oidc"
)

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
