package attack_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

// attackAdmin shows that the admin listener is for this machine alone unless its
// owner says otherwise, and that pages in a browser on it are strangers.
func attackAdmin(t *testing.T, s *suite) {
	backend := startBackend(t, enrichtest.NewIssuer(t, "ES256"))
	open := strings.Replace(usual(backend.URL), "admin: 127.0.0.1:0", "admin: 0.0.0.0:0\nadmin_token: hush-admin-token", 1)
	v := s.start(t, open, "["+annas+"]")
	if !v.Log.Warned("admin listener") {
		t.Error("nothing warns of an admin listener that other machines can reach")
	}
	s.report(row{"open admin listener", "admin: 0.0.0.0:0", "is warned of", "contract"})
	closed := s.start(t, usual(backend.URL), "["+annas+"]")
	if closed.Log.Warned("admin listener") {
		t.Error("a loopback admin listener is warned of")
	}
	_, port, _ := net.SplitHostPort(string(v.Admin))
	loopback := "127.0.0.1:" + port
	outside := net.JoinHostPort(outsideAddress(t), port)

	for _, try := range []struct {
		attack, sends, address, request string
		want                            string
	}{
		{"admin from elsewhere", "GET /cache", outside, "GET /cache", "403"},
		{"admin from elsewhere", "DELETE /cache", outside, "DELETE /cache", "403"},
		{"admin from elsewhere", "PUT /loglevel", outside, "PUT /loglevel", "403"},
		{"admin from elsewhere", "a wrong token", outside, "GET /cache\nAuthorization: Bearer hush-admin-toke", "403"},
		{"admin from elsewhere", "the token as Basic", outside, "GET /cache\nAuthorization: Basic hush-admin-token", "403"},
		{"admin from elsewhere", "the token in the query", outside, "GET /cache?admin_token=hush-admin-token", "403"},
		{"admin from elsewhere", "X-Forwarded-For: 127.0.0.1", outside, "GET /cache\nX-Forwarded-For: 127.0.0.1\nX-Real-Ip: 127.0.0.1", "403"},
		{"admin from elsewhere", "the right token", outside, "GET /cache\nAuthorization: Bearer hush-admin-token", "200"},
		{"admin from elsewhere", "GET /livez", outside, "GET /livez", "200"},
		{"admin paths", "//livez", outside, "GET //livez", "403"},
		{"admin paths", "/livez/../cache", outside, "GET /livez/../cache", "403"},
		{"admin paths", "/livez/%2e%2e/cache", outside, "GET /livez/%2e%2e/cache", "403"},
		{"admin paths", "/cache/..", outside, "DELETE /cache/..", "403"},
		{"admin paths", "/%63ache", outside, "GET /%63ache", "403"},
		{"admin paths", "/livez%2f..%2fcache", outside, "GET /livez%2f..%2fcache", "403"},
		{"admin paths", "absolute form", outside, "GET http://127.0.0.1/cache", "403"},
		{"admin paths", "/metrics/", outside, "GET /metrics/", "403"},
		{"admin in a browser", "DELETE /cache by evil.example that resolves to 127.0.0.1", loopback, "DELETE /cache\nHost: evil.example:9901", "403"},
		{"admin in a browser", "PUT /loglevel, the same", loopback, "PUT /loglevel\nHost: evil.example", "403"},
		{"admin in a browser", "GET /cache, the same", loopback, "GET /cache\nHost: evil.example", "403"},
		{"admin in a browser", "a Host of digits, 127.0.0.1.evil.example", loopback, "GET /cache\nHost: 127.0.0.1.evil.example", "403"},
		{"admin in a browser", "DELETE /cache with Origin: https://evil.example", loopback, "DELETE /cache\nOrigin: https://evil.example", "403"},
		{"admin in a browser", "DELETE /cache with Origin: null", loopback, "DELETE /cache\nOrigin: null", "403"},
		{"admin in a browser", "GET /readyz by a name", loopback, "GET /readyz\nHost: tokengraft:9901", "200"},
		{"admin on this machine", "DELETE /cache", loopback, "DELETE /cache", "204"},
		{"admin on this machine", "DELETE /cache by localhost", loopback, "DELETE /cache\nHost: localhost:9901", "204"},
		{"admin on this machine", "PUT /loglevel of 1 MB", loopback, "PUT /loglevel 1000000", "400"},
	} {
		got := v.atAdmin(t, try.address, try.request)
		s.report(row{try.attack, try.sends, got, "contract"})
		if got != try.want {
			t.Errorf("%s: %s: %s, want %s", try.attack, try.sends, got, try.want)
		}
	}
}

// atAdmin sends a request, its line and header lines, and returns the status.
func (v *target) atAdmin(t *testing.T, address, text string) string {
	t.Helper()
	lines := strings.Split(text, "\n")
	var method, target string
	var size int
	fmt.Sscan(lines[0], &method, &target, &size)
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	head := method + " " + target + " HTTP/1.1\r\nConnection: close\r\n" + fmt.Sprintf("Content-Length: %d\r\n", size)
	if !strings.Contains(text, "\nHost: ") {
		head += "Host: " + address + "\r\n"
	}
	for _, line := range lines[1:] {
		head += line + "\r\n"
	}
	go io.WriteString(conn, head+"\r\n"+strings.Repeat("x", size))
	answer, _ := io.ReadAll(conn)
	v.suite.look("the admin listener", answer)
	return e2e.Statuses(string(answer))
}

// outsideAddress is an address of this machine that is not loopback: who comes
// by it is a peer from elsewhere.
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
	t.Skip("SKIPPED, NOTHING WAS TESTED: this machine has no address but loopback; give it one, such as: ip addr add 192.0.2.1/32 dev lo")
	return ""
}
