package proxy_test

import (
	"net/netip"
	"testing"

	"github.com/tokengraft/tokengraft/internal/budget"
	"github.com/tokengraft/tokengraft/proxy"
)

// G7: memory is divided among clients by their address, which trusted proxies say.
func TestMemory_IsOfTheClientBehindTrustedProxies(t *testing.T) {
	loopback := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8")}
	for _, c := range []struct {
		name, forwarded string
		trusted         []netip.Prefix
		want            string
	}{
		{"a peer that is not trusted", "X-Forwarded-For: 192.0.2.1\r\n", nil, "127.0.0.1"},
		{"a trusted proxy", "X-Forwarded-For: 192.0.2.1\r\n", loopback, "192.0.2.1"},
		{"an address that the client invented", "X-Forwarded-For: 192.0.2.66, 192.0.2.1\r\n", loopback, "192.0.2.1"},
		{"two trusted proxies", "X-Forwarded-For: 192.0.2.66,192.0.2.1 , 10.1.1.1\r\n", loopback, "192.0.2.1"},
		{"two lines", "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 10.1.1.1\r\n", loopback, "192.0.2.1"},
		{"IPv6", "X-Forwarded-For: 2001:db8::1\r\n", loopback, "2001:db8::1"},
		{"IPv4 with a port", "X-Forwarded-For: 192.0.2.66:1, 192.0.2.1:50000\r\n", loopback, "192.0.2.1"},
		{"IPv6 with a port", "X-Forwarded-For: [2001:db8::1]:50000\r\n", loopback, "2001:db8::1"},
		{"a trusted proxy with a port", "X-Forwarded-For: 192.0.2.1, 10.1.1.1:50000\r\n", loopback, "192.0.2.1"},
		{"no header", "", loopback, "127.0.0.1"},
		{"not an address", "X-Forwarded-For: 192.0.2.1, unknown\r\n", loopback, "127.0.0.1"},
		{"an empty header", "X-Forwarded-For: \r\n", loopback, "127.0.0.1"},
		{"only trusted proxies", "X-Forwarded-For: 10.1.1.2, 10.1.1.1\r\n", loopback, "10.1.1.2"},
	} {
		var got netip.Addr
		memory := budget.New(1 << 20)
		f, _ := startResponding(t, noContent, setup{options: func(o *proxy.Options) {
			o.TrustedProxies = c.trusted
			o.ClientMemory = func(client netip.Addr) proxy.Memory {
				got = client
				return memory.Of(client)
			}
		}})
		f.ask(t, "GET / HTTP/1.1\r\nHost: h\r\n"+c.forwarded+"\r\n")
		if got.String() != c.want {
			t.Errorf("%s: the memory is of %s, want %s", c.name, got, c.want)
		}
	}
}
