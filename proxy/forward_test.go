package proxy_test

import (
	"net/netip"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/proxy"
)

// noContent is a response for tests that check only the request.
const noContent = "HTTP/1.1 204 No Content\r\n\r\n"

// A1.
func TestForward_KeepsPathsAndQueries(t *testing.T) {
	targets := []string{
		"/", "/a", "/a/", "//", "//a//b", "/a/../b", "/a/./b", "/..", "/%2e%2e/a", "/a%2Fb", "/a%2fb%7C", "/a|b", `/a"b<c>{d}\e^f` + "`", "/a%20b+c", "/a;b=1,c", "/ü", "/a:b@c", "/'()*!$&=",
		"/?", "/a?", "/?;", "/?a=1;b=2", "/?a=%zz", "/?%", "/?a=1&&b", "/?a=b?c/d", "/?a=|\"<>", "/?=&=", "/a%3Fb?c", "/login//?x=;", "/login/..",
	}
	f, backend := startResponding(t, noContent, setup{rules: []proxy.Rule{rule(t, "/login/", "json:access_token"), rule(t, "GET /a/{x...}", "query:access_token")}})
	for i, target := range targets {
		f.ask(t, "GET "+target+" HTTP/1.1\r\nHost: h\r\n\r\n")
		if got := backend.Requests()[i].Line; got != "GET "+target+" HTTP/1.1" {
			t.Errorf("the backend got %q, want GET %s", got, target)
		}
	}
}

// A1: only hop-by-hop headers and X-Forwarded-* differ.
func TestForward_KeepsRequestHeaders(t *testing.T) {
	f, backend := startResponding(t, noContent, setup{})
	lines := []string{
		"Host: auth.example.com:8443", "Accept-Encoding: gzip, br", "Authorization: Basic dTpw", "Cookie: a=1; b=2",
		"Cookie: c=3", "Idempotency-Key: k", "If-None-Match: \"1\"", "Origin: null", "Range: bytes=0-1", "Te: trailers",
		"X-Custom: 1", "X-Custom: 2",
	}
	f.ask(t, "GET / HTTP/1.1\r\n"+strings.Join(lines, "\r\n")+"\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\n\r\n")
	f.ask(t, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")

	own := []string{"X-Forwarded-For: 127.0.0.1", "X-Forwarded-Host: auth.example.com:8443", "X-Forwarded-Proto: http"}
	want := slices.Sorted(slices.Values(append(lines, own...)))
	if got := slices.Sorted(slices.Values(backend.Requests()[0].Header)); !reflect.DeepEqual(got, want) {
		t.Errorf("the backend got %q\nwant            %q", got, want)
	}
	want = []string{"Host: h", "X-Forwarded-For: 127.0.0.1", "X-Forwarded-Host: h", "X-Forwarded-Proto: http"}
	if got := slices.Sorted(slices.Values(backend.Requests()[1].Header)); !reflect.DeepEqual(got, want) {
		t.Errorf("for a request without headers the backend got %q\nwant %q", got, want)
	}
}

// A8.
func TestForward_MatchedRequestsAskForAnUncompressedResponse(t *testing.T) {
	f, backend := startResponding(t, noContent, setup{rules: logins(t)})
	f.ask(t, "POST /login HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip\r\nContent-Length: 0\r\n\r\n")
	if got, _ := backend.Requests()[0].Get("Accept-Encoding"); got != "identity" {
		t.Errorf("Accept-Encoding = %q, want identity", got)
	}
}

func TestForwarded_KeepsHeadersOfTrustedPeersOnly(t *testing.T) {
	const sent = "Forwarded: for=1.2.3.4;proto=https\r\nX-Forwarded-For: 1.2.3.4, 5.6.7.8\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: public.example.com\r\nX-Forwarded-Port: 443\r\nX-Real-Ip: 1.2.3.4\r\n"
	loopback := func(o *proxy.Options) { o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} }
	others := func(o *proxy.Options) { o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} }
	public := func(o *proxy.Options) { o.PublicURL = &url.URL{Scheme: "https", Host: "auth.example.com"} }
	own := []string{"X-Forwarded-For: 127.0.0.1", "X-Forwarded-Host: h", "X-Forwarded-Proto: http"}
	tests := []struct {
		name, sent string
		options    func(*proxy.Options)
		want       []string
	}{
		{"no trusted peers", sent, nil, own},
		{"other trusted peers", sent, others, own},
		{"no headers", "", loopback, own},
		{"trusted", sent, loopback, []string{
			"Forwarded: for=1.2.3.4;proto=https", "X-Forwarded-For: 1.2.3.4, 5.6.7.8, 127.0.0.1", "X-Forwarded-Host: public.example.com",
			"X-Forwarded-Port: 443", "X-Forwarded-Proto: https", "X-Real-Ip: 1.2.3.4"}},
		{"public_url", sent, public, []string{"X-Forwarded-For: 127.0.0.1", "X-Forwarded-Host: auth.example.com", "X-Forwarded-Proto: https"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, backend := startResponding(t, noContent, setup{options: tt.options})
			f.ask(t, "GET / HTTP/1.1\r\nHost: h\r\n"+tt.sent+"\r\n")
			var got []string
			for _, line := range backend.Requests()[0].Header {
				if strings.HasPrefix(line, "X-") || strings.HasPrefix(line, "Forwarded") {
					got = append(got, line)
				}
			}
			slices.Sort(got)
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("the backend got %q\nwant            %q", got, tt.want)
			}
			if host, _ := backend.Requests()[0].Get("Host"); host != "h" {
				t.Errorf("Host = %q, want h", host)
			}
		})
	}
}

func TestForwarded_WarnsOncePerUntrustedPeer(t *testing.T) {
	f, _ := startResponding(t, noContent, setup{})
	for range 3 {
		f.ask(t, "GET / HTTP/1.1\r\nHost: h\r\nX-Real-Ip: 6.6.6.6\r\n\r\n")
	}
	if n := strings.Count(f.log.String(), "trusted_proxies"); n != 1 || strings.Contains(f.log.String(), "6.6.6.6") {
		t.Errorf("log has %d warnings that name trusted_proxies, want 1, and not the value 6.6.6.6:\n%s", n, f.log)
	}
}

// CGI and similar backends read X_Forwarded_For as X-Forwarded-For.
func TestForwarded_DropsOtherSpellings(t *testing.T) {
	f, backend := startResponding(t, noContent, setup{})
	f.ask(t, "GET / HTTP/1.1\r\nHost: h\r\nX_Forwarded_For: 6.6.6.6\r\nx-forwarded_host: 6.6.6.6\r\nX_REAL_IP: 6.6.6.6\r\nX_Other: kept\r\n\r\n")
	got := strings.Join(backend.Requests()[0].Header, "\n")
	if strings.Contains(got, "6.6.6.6") || !strings.Contains(got, "kept") {
		t.Errorf("the backend got %q, want X_Other and no header with 6.6.6.6", got)
	}
}

// Some backends treat trailers as headers, as httpd did (CVE-2013-5704).
func TestForwarded_DropsTrailersOfUntrustedPeers(t *testing.T) {
	const trailers = "X-Forwarded-For: 6.6.6.6\r\nX_Real_Ip: 6.6.6.6\r\nX-Sum: 7\r\n"
	for _, tt := range []struct {
		name, kind string
		trusted    bool
	}{{"streamed", "text/plain", false}, {"form", "application/x-www-form-urlencoded", false}, {"trusted", "text/plain", true}} {
		f, backend := startResponding(t, noContent, setup{options: func(o *proxy.Options) {
			if tt.trusted {
				o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
			}
		}})
		f.ask(t, "POST / HTTP/1.1\r\nHost: h\r\nContent-Type: "+tt.kind+"\r\nTrailer: X-Forwarded-For, X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na=b\r\n0\r\n"+trailers+"\r\n")
		got := backend.Requests()[0]
		announced, _ := got.Get("Trailer")
		if strings.Contains(got.Body, "6.6.6.6") != tt.trusted || strings.Contains(announced, "Forwarded") != tt.trusted || !strings.Contains(got.Body, "X-Sum: 7\r\n") {
			t.Errorf("%s: the backend got Trailer %q and the body %q, want X-Sum, and X-Forwarded-For: %t", tt.name, announced, got.Body, tt.trusted)
		}
	}
}
