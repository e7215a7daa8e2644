package attack_test

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

// An adminRow is a request to the admin listener.
type adminRow struct {
	kind
	sends   string
	from    peer
	request string // first line: method, path and optional size of the body; then header lines
	want    string // the status
}

// A peer is the machine that sends a request.
type peer string

const (
	loopback peer = "this machine"
	outside  peer = "another machine"
)

var (
	openAdmin  = kind{"open admin listener", "security.md"}
	elsewhere  = kind{"admin from another machine", "security.md"}
	adminPaths = kind{"admin paths", "security.md"}
	inBrowser  = kind{"admin in a browser", "security.md"}
	local      = kind{"admin on this machine", "security.md"}
)

var adminRows = []adminRow{
	{elsewhere, "GET /cache", outside, "GET /cache", "403"},
	{elsewhere, "DELETE /cache", outside, "DELETE /cache", "403"},
	{elsewhere, "PUT /loglevel", outside, "PUT /loglevel", "403"},
	{elsewhere, "a wrong token", outside, "GET /cache\nAuthorization: Bearer hush-admin-toke", "403"},
	{elsewhere, "the token with the scheme Basic", outside, "GET /cache\nAuthorization: Basic hush-admin-token", "403"},
	{elsewhere, "the token in the query", outside, "GET /cache?admin_token=hush-admin-token", "403"},
	{elsewhere, "X-Forwarded-For: 127.0.0.1", outside, "GET /cache\nX-Forwarded-For: 127.0.0.1\nX-Real-Ip: 127.0.0.1", "403"},
	{elsewhere, "the right token", outside, "GET /cache\nAuthorization: Bearer hush-admin-token", "200"},
	{elsewhere, "GET /livez", outside, "GET /livez", "200"},
	{adminPaths, "//livez", outside, "GET //livez", "403"},
	{adminPaths, "/livez/../cache", outside, "GET /livez/../cache", "403"},
	{adminPaths, "/livez/%2e%2e/cache", outside, "GET /livez/%2e%2e/cache", "403"},
	{adminPaths, "/cache/..", outside, "DELETE /cache/..", "403"},
	{adminPaths, "/%63ache", outside, "GET /%63ache", "403"},
	{adminPaths, "/livez%2f..%2fcache", outside, "GET /livez%2f..%2fcache", "403"},
	{adminPaths, "an absolute URL with 127.0.0.1", outside, "GET http://127.0.0.1/cache", "403"},
	{adminPaths, "/metrics/", outside, "GET /metrics/", "403"},
	{inBrowser, "DELETE /cache at evil.example, which resolves to 127.0.0.1", loopback, "DELETE /cache\nHost: evil.example:9901", "403"},
	{inBrowser, "PUT /loglevel at the same name", loopback, "PUT /loglevel\nHost: evil.example", "403"},
	{inBrowser, "GET /cache at the same name", loopback, "GET /cache\nHost: evil.example", "403"},
	{inBrowser, "GET /cache at 127.0.0.1.evil.example", loopback, "GET /cache\nHost: 127.0.0.1.evil.example", "403"},
	{inBrowser, "DELETE /cache with Origin: https://evil.example", loopback, "DELETE /cache\nOrigin: https://evil.example", "403"},
	{inBrowser, "DELETE /cache with Origin: null", loopback, "DELETE /cache\nOrigin: null", "403"},
	{inBrowser, "GET /readyz at a name", loopback, "GET /readyz\nHost: tokengraft:9901", "200"},
	{local, "DELETE /cache", loopback, "DELETE /cache", "204"},
	{local, "DELETE /cache at localhost", loopback, "DELETE /cache\nHost: localhost:9901", "204"},
	{local, "PUT /loglevel with a body of 1 MB", loopback, "PUT /loglevel 1000000", "400"},
}

// attackAdmin checks that without the admin token only this machine can use the admin
// listener, and that web pages in a browser on this machine cannot.
func (s *suite) attackAdmin(t *testing.T) {
	backend := startBackend(t, enrichtest.NewIssuer(t, "ES256"))
	open := strings.Replace(usual(backend.URL), "admin: 127.0.0.1:0", "admin: 0.0.0.0:0\nadmin_token: hush-admin-token", 1)
	tg := s.start(t, open, "["+annas+"]")
	closed := s.start(t, usual(backend.URL), "["+annas+"]")
	s.run(t, openAdmin, "admin: 0.0.0.0:0", func(t *testing.T) (happens string) {
		if !tg.Log.Warned("admin listener") {
			t.Error("admin: 0.0.0.0:0: got no warning, want one about an admin listener that other machines can reach")
		}
		if closed.Log.Warned("admin listener") {
			t.Error("admin: 127.0.0.1:0: got a warning about the admin listener, want none")
		}
		return "the log has a warning"
	})
	_, port, _ := net.SplitHostPort(string(tg.Admin))
	address := map[peer]e2e.Address{
		loopback: e2e.Address("127.0.0.1:" + port),
		outside:  e2e.Address(net.JoinHostPort(outsideAddress(t), port)),
	}
	for _, row := range adminRows {
		s.run(t, row.kind, row.sends, func(t *testing.T) (happens string) {
			got := tg.atAdmin(t, address[row.from], row.request)
			if got != row.want {
				t.Errorf("%q from %s: got %s, want %s", row.request, row.from, got, row.want)
			}
			return got
		})
	}
}

// atAdmin sends the request of an [adminRow] and returns the status.
func (tg *target) atAdmin(t *testing.T, address e2e.Address, request string) string {
	t.Helper()
	lines := strings.Split(request, "\n")
	var method, path string
	var size int
	fmt.Sscan(lines[0], &method, &path, &size)
	text := fmt.Sprintf("%s %s HTTP/1.1\r\nConnection: close\r\nContent-Length: %d\r\n", method, path, size)
	if !strings.Contains(request, "\nHost: ") {
		text += "Host: " + string(address) + "\r\n"
	}
	for _, line := range lines[1:] {
		text += line + "\r\n"
	}
	answer, err := address.Send(text + "\r\n" + strings.Repeat("x", size))
	if err != nil {
		t.Error(err)
	}
	tg.suite.look("the admin listener", []byte(answer))
	return e2e.Statuses(answer)
}

// outsideAddress returns an address of this machine that is not loopback. A connection
// to it looks to the sidecar like one from another machine.
func outsideAddress(t *testing.T) string {
	t.Helper()
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range addresses {
		if network, ok := address.(*net.IPNet); ok && network.IP.IsGlobalUnicast() && network.IP.To4() != nil {
			return network.IP.String()
		}
	}
	t.Skip("SKIPPED, THE ADMIN LISTENER WAS NOT TESTED: this machine has only loopback addresses; add another one with: ip addr add 192.0.2.1/32 dev lo")
	return ""
}
