package config

import (
	"errors"
	"net/netip"

	"github.com/tokengraft/tokengraft/internal/yamlbind"
)

// Peers are the networks that one element of trusted_proxies names.
type Peers []netip.Prefix

// peerWords are the words for well-known networks.
var peerWords = map[string]Peers{
	"loopback": {netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")},
	"private": {
		netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"),
		netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix("fc00::/7"),
	},
}

// UnmarshalText parses a CIDR, an address, or a word.
func (p *Peers) UnmarshalText(text []byte) error {
	if word, ok := peerWords[string(text)]; ok {
		*p = word
		return nil
	}
	prefix, err := netip.ParsePrefix(string(text))
	if err != nil {
		addr, err := netip.ParseAddr(string(text))
		if err != nil {
			return errors.New("must be a CIDR like 10.0.0.0/8, an address, private or loopback")
		}
		prefix = netip.PrefixFrom(addr.WithZone(""), addr.BitLen())
	}
	*p = Peers{unmapped(prefix).Masked()}
	return nil
}

var _ = yamlbind.Describe[Peers](yamlbind.Scalar{
	Want:    "a CIDR, an address, private or loopback",
	Schemas: []yamlbind.Schema{yamlbind.Matching(`^(private|loopback|[0-9.]+(/[0-9]+)?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(%.+|/[0-9]+)?)$`)},
})

// unmapped converts an IPv4 network that is written as IPv6 to IPv4, because peers are
// compared as IPv4.
func unmapped(p netip.Prefix) netip.Prefix {
	const before = 128 - 32 // bits
	if !p.Addr().Is4In6() || p.Bits() < before {
		return p
	}
	return netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-before)
}
