package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"
)

// A tlsDialer opens connections with TLS to the backend. The transport of net/http could do
// that too, but would not let anybody see what is in them.
type tlsDialer struct {
	*net.Dialer
	config  *tls.Config // nil means the system's roots
	timeout time.Duration
}

// dial opens a connection. Its context says whether it can be HTTP/2.
func (d tlsDialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	config, err := d.configFor(ctx, address)
	if err != nil {
		return nil, err
	}
	conn, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	secure := tls.Client(conn, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		if errors.Is(err, context.DeadlineExceeded) {
			return nil, fmt.Errorf("the TLS handshake took longer than timeouts.dial: %w", err)
		}
		return nil, err
	}
	return secure, nil
}

// configFor returns the configuration for a connection to an address.
func (d tlsDialer) configFor(ctx context.Context, address string) (*tls.Config, error) {
	config := d.config.Clone()
	if config == nil {
		config = &tls.Config{}
	}
	if config.ServerName == "" {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		config.ServerName = host
	}
	if ctx.Value(http1Key{}) == nil {
		config.NextProtos = []string{"h2", "http/1.1"}
	}
	return config, nil
}

type http1Key struct{}

// withoutHTTP2 returns a context for a request that needs HTTP/1.
func withoutHTTP2(ctx context.Context) context.Context {
	return context.WithValue(ctx, http1Key{}, true)
}

// upgradesToWebSocket reports whether a request needs HTTP/1, as the transport does.
func upgradesToWebSocket(h http.Header) bool {
	return strings.EqualFold(h.Get("Upgrade"), "websocket") && strings.Contains(strings.ToLower(h.Get("Connection")), "upgrade")
}
