package proxy_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/proxy"
)

const location = "{ \"deployment_model\":\"LOCAL\", \"location\":\"US-VA\",\"hostname\" : \"%s\",\n\"ws_hostname\":\"%s\",\"n\":1.0}\n"

func addressRules(t *testing.T) setup {
	return setup{rules: []proxy.Rule{{Pattern: "GET /app/{app}/location", Addresses: locations(t, "json:hostname", "json:ws_hostname")}}}
}

// The client sends its next requests to the address in the response, so that must be the
// address of the proxy.
func TestAddresses_BecomeTheAddressThatTheClientUsed(t *testing.T) {
	public := func(o *proxy.Options) { o.PublicURL = &url.URL{Scheme: "https", Host: "auth.example.com"} }
	trustLoopback := func(o *proxy.Options) { o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} }
	tests := []struct {
		name, sent                string
		options                   func(*proxy.Options)
		backendHTTP, backendWS    string
		wantHostname, wantWSocket string
		wantVary                  string
	}{
		{"as requested", "", nil, "https://us-east-1.aws.services.example.com", "wss://ws.services.example.com", "http://h:8080", "ws://h:8080", "Host"},
		{"public_url", "", public, "http://10.0.0.1:9090", "ws://10.0.0.1:9090", "https://auth.example.com", "wss://auth.example.com", ""},
		{"a trusted proxy", "X-Forwarded-Proto: https, http\r\nX-Forwarded-Host: p.example.com\r\n", trustLoopback, "HTTP:\\/\\/a\\/b?c", "ws://a", "https://p.example.com/b?c", "wss://p.example.com", "Host, X-Forwarded-Host, X-Forwarded-Proto"},
		{"a proxy that is not trusted", "X-Forwarded-Proto: https\r\nX-Forwarded-Host: evil.example.com\r\n", nil, "http://a", "ws://a", "http://h:8080", "ws://h:8080", "Host"},
		{"not an http or ws address", "", public, "services", "ftp://a", "services", "ftp://a", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := addressRules(t)
			s.options = tt.options
			sent := answer("HTTP/1.1 200 OK\nContent-Type: application/json\nETag: \"1\"", fmt.Sprintf(location, tt.backendHTTP, tt.backendWS))
			f, _ := startResponding(t, sent, s)
			res, body := f.ask(t, "GET /app/x/location HTTP/1.1\r\nHost: h:8080\r\n"+tt.sent+"\r\n")
			if got := res.Header.Get("Vary"); got != tt.wantVary {
				t.Errorf("Vary: got %q, want %q, so that no cache gives an address to other clients", got, tt.wantVary)
			}
			if want := fmt.Sprintf(location, tt.wantHostname, tt.wantWSocket); body != want {
				t.Errorf("body\n got %s\nwant %s", body, want)
			}
		})
	}
}

func TestAddresses_LeaveOtherResponsesUnchanged(t *testing.T) {
	for _, sent := range []string{
		answer("HTTP/1.1 200 OK\nContent-Type: application/json\nETag: \"1\"", `{"error": "none","hostname":7}`),
		answer("HTTP/1.1 404 Not Found\nContent-Type: application/json", `{"hostname":"http://a"}`),
		answer("HTTP/1.1 200 OK\nContent-Type: text/plain", `{"hostname":"http://a"}`),
		answer("HTTP/1.1 200 OK\nContent-Type: application/json", `{"hostname":"http://a"`),
	} {
		f, _ := startResponding(t, sent, addressRules(t))
		res, body := f.ask(t, "GET /app/x/location HTTP/1.1\r\nHost: h\r\n\r\n")
		sameResponse(t, http.MethodGet, sent, res, body)
		if strings.Contains(f.log.String(), "panic") {
			t.Errorf("log:\n%s\nwant no panic", f.log.String())
		}
	}
}
