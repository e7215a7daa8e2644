package proxy_test

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/locate"
	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

func TestNew_ZeroMeansTheDefault(t *testing.T) {
	backend := proxytest.Start(t, proxytest.RespondWith(answer("HTTP/1.1 200 OK", "hello")))
	p, err := proxy.New(proxy.Options{Backend: backend.URL}, &proxy.Snapshot{})
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(p)
	defer front.Close()
	response, err := front.Client().Get(front.URL)
	if err != nil {
		t.Fatal(err)
	}
	if body := readAll(t, response.Body); response.StatusCode != 200 || body != "hello" {
		t.Errorf("GET / = %s %q, want 200 \"hello\"", response.Status, body)
	}
}

func TestNew_ErrorNamesTheField(t *testing.T) {
	backend := &url.URL{Scheme: "http", Host: "backend.example"}
	rules, err := proxy.NewRules([]proxy.Rule{
		{Pattern: "POST /login", Tokens: []locate.Location{locate.WholeBody}},
		{Pattern: "DELETE /users/me", Deletes: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name     string
		options  proxy.Options
		snapshot *proxy.Snapshot
		want     string
	}{
		{"no backend", proxy.Options{}, &proxy.Snapshot{}, "Options.Backend"},
		{"a backend without a host", proxy.Options{Backend: &url.URL{Path: "backend"}}, &proxy.Snapshot{}, "Options.Backend"},
		{"negative timeout", proxy.Options{Backend: backend, Timeouts: proxy.Timeouts{Response: -time.Second}}, &proxy.Snapshot{}, "Options.Timeouts.Response"},
		{"negative limit", proxy.Options{Backend: backend, Limits: proxy.Limits{Headers: -1}}, &proxy.Snapshot{}, "Options.Limits.Headers"},
		{"no snapshot", proxy.Options{Backend: backend}, nil, "Snapshot is nil"},
		{"tokens, but no enricher", proxy.Options{Backend: backend}, &proxy.Snapshot{Rules: rules}, "Snapshot.Enricher"},
		{"restore, but no enricher", proxy.Options{Backend: backend}, &proxy.Snapshot{Restore: true}, "Snapshot.Enricher"},
		{"deletions without Deleted", proxy.Options{Backend: backend}, &proxy.Snapshot{Rules: rules, Enricher: fixedToken("")}, "Snapshot.Deleted"},
		{"discovery without an edit", proxy.Options{Backend: backend}, &proxy.Snapshot{DiscoveryPaths: []string{"/"}}, "Snapshot.Edit"},
		{"negative size", proxy.Options{Backend: backend}, &proxy.Snapshot{Sizes: locate.Limits{Line: -1}}, "Snapshot.Sizes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := proxy.New(tt.options, tt.snapshot); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("New(%+v, %+v) = %v, want an error that names %s", tt.options, tt.snapshot, err, tt.want)
			}
		})
	}
}
