package proxy_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/proxy"
)

// startOwn starts a backend, and returns a client for it with this public address; "" means
// none.
func startOwn(t *testing.T, public string, backend http.HandlerFunc) (client *http.Client, address string) {
	t.Helper()
	server := httptest.NewServer(backend)
	t.Cleanup(server.Close)
	o := proxy.Options{Backend: parseURL(t, server.URL)}
	if public != "" {
		o.PublicURL = parseURL(t, public)
	}
	return proxy.NewClient(o), server.URL
}

func parseURL(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// The program's own requests have the headers of a request that the proxy forwards for a
// client on this machine.
func TestNewClient_RequestsLookLikeForwardedOnes(t *testing.T) {
	for _, public := range []string{"https://auth.example.com", "http://auth.example.com:8080", ""} {
		var got *http.Request
		client, address := startOwn(t, public, func(_ http.ResponseWriter, r *http.Request) { got = r })
		response, err := client.Get(address + "/keys?a=b")
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		want := parseURL(t, public)
		if public == "" {
			want = parseURL(t, address)
		}
		if got.Host != want.Host || got.RequestURI != "/keys?a=b" {
			t.Errorf("public URL %q: the backend got %s with Host %s, want /keys?a=b with Host %s", public, got.RequestURI, got.Host, want.Host)
		}
		for name, value := range map[string]string{"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Host": want.Host, "X-Forwarded-Proto": want.Scheme} {
			if got.Header.Get(name) != value {
				t.Errorf("public URL %q: the backend got %s %q, want %q", public, name, got.Header.Get(name), value)
			}
		}
	}
}

func TestNewClient_FollowsRedirectsOnlyWithinTheBackend(t *testing.T) {
	const public = "https://auth.example.com"
	tests := []struct {
		name, public, location, fault string // BACKEND in location is the backend's host
	}{
		{"relative", public, "/new", ""},
		{"absolute", public, "http://BACKEND/new", ""},
		{"public address, which is the proxy's", public, public + "/new", ""},
		{"public address with its port", public, public + ":443/new", ""},
		{"public address over http", public, "http://auth.example.com/new", ""},
		{"another host", public, "http://evil.example/new", "to another host, evil.example"},
		{"another port", public, "http://127.0.0.1:1/new", "to another host, 127.0.0.1:1"},
		{"endless", public, "/a", "to the address that was asked"},
		{"from http to https", "", "https://BACKEND/a", "public_url: https://"},
		{"from http to https, at a known address", "http://auth.example.com", public + "/a", "public_url: https://"},
		{"from http to https, at an unknown address", "", public + "/a", "public_url: https://"},
		{"to https, although it is https", public, public + "/a", "to trust this header"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var hosts []string
			client, address := startOwn(t, tt.public, func(w http.ResponseWriter, r *http.Request) {
				hosts = append(hosts, r.Host)
				if r.URL.Path != "/new" {
					backend := r.Context().Value(http.LocalAddrContextKey).(interface{ String() string }).String()
					w.Header().Set("Location", strings.ReplaceAll(tt.location, "BACKEND", backend))
					w.WriteHeader(http.StatusMovedPermanently)
				}
			})
			response, err := client.Get(address + "/a")
			if err == nil {
				response.Body.Close()
			}
			if (err == nil) != (tt.fault == "") || err != nil && !strings.Contains(err.Error(), tt.fault) {
				t.Errorf("a redirect to %s: error %v, want %q in it", tt.location, err, tt.fault)
			}
			for _, host := range hosts {
				if tt.public != "" && host != parseURL(t, tt.public).Host {
					t.Errorf("the backend got a request with Host %s, want that of %s", host, tt.public)
				}
			}
			if tt.fault != "" && len(hosts) > 1 {
				t.Errorf("the backend got %d requests, want 1", len(hosts))
			}
		})
	}
}

func TestNewClient_FollowsFewRedirects(t *testing.T) {
	requests := 0
	client, address := startOwn(t, "", func(w http.ResponseWriter, r *http.Request) {
		requests++
		http.Redirect(w, r, r.URL.Path+"x", http.StatusFound)
	})
	if _, err := client.Get(address + "/"); err == nil || requests > 6 {
		t.Errorf("an endless redirect: error %v after %d requests, want an error after at most 6", err, requests)
	}
}
