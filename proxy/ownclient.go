package proxy

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tokengraft/tokengraft/internal/httpanswer"
)

const (
	clientTimeout = 3 * time.Second // for a request with all its redirects
	maxRedirects  = 5
)

// NewClient returns a client for the program's own requests to the backend, such as those
// for its keys. Each looks like a request that the proxy forwards for a client on the same
// machine: Host and X-Forwarded-* come from PublicURL, or from Backend without one. Some
// backends refuse other requests, or derive their issuer and addresses from these headers.
//
// The client stops after 3 seconds. It uses no HTTP proxy, and only Backend, TLS,
// PublicURL and the Timeouts Dial and Idle of o. It follows redirects within the backend;
// one to PublicURL goes to the backend, because it would lead back to the proxy. The
// client must not be used for other servers.
func NewClient(o Options) *http.Client {
	dialer := &net.Dialer{Timeout: cmp.Or(o.Timeouts.Dial, clientTimeout)}
	own := &ownRequests{backend: o.Backend, public: cmp.Or(o.PublicURL, o.Backend), transport: &http.Transport{
		DialContext:         dialer.DialContext,
		TLSClientConfig:     o.TLS.Clone(),
		TLSHandshakeTimeout: dialer.Timeout,
		IdleConnTimeout:     cmp.Or(o.Timeouts.Idle, time.Second),
	}}
	return &http.Client{Timeout: clientTimeout, Transport: own, CheckRedirect: own.redirect}
}

// ownRequests sends the program's own requests to the backend.
type ownRequests struct {
	backend, public *url.URL
	transport       http.RoundTripper
}

// RoundTrip implements [http.RoundTripper]. It adds the headers of a forwarded request.
func (o *ownRequests) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Host = o.public.Host
	r.Header.Set("X-Forwarded-For", "127.0.0.1")
	r.Header.Set("X-Forwarded-Host", o.public.Host)
	r.Header.Set("X-Forwarded-Proto", o.public.Scheme)
	return o.transport.RoundTrip(r)
}

// redirect implements CheckRedirect of [http.Client].
func (o *ownRequests) redirect(next *http.Request, via []*http.Request) error {
	var err error
	scheme := next.URL.Scheme
	switch {
	case len(via) > maxRedirects:
		return fmt.Errorf("the backend redirects more than %d times", maxRedirects)
	case !sameHost(next.URL, o.backend) && !sameHost(next.URL, o.public):
		err = fmt.Errorf("the backend redirects to another host, %s, which is not followed", next.URL.Host)
	default:
		next.URL.Scheme, next.URL.Host = o.backend.Scheme, o.backend.Host
		if *next.URL == *via[len(via)-1].URL {
			err = errors.New("the backend redirects to the address that was asked for")
		}
	}
	if err != nil && scheme == "https" {
		return httpanswer.WantsHTTPS(err, o.public.Scheme)
	}
	return err
}

// sameHost reports whether two addresses have the same host and port. A missing port is
// the default one.
func sameHost(a, b *url.URL) bool {
	return strings.EqualFold(a.Host, b.Host) || strings.EqualFold(a.Hostname(), b.Hostname()) && portOf(a) == portOf(b)
}

func portOf(u *url.URL) string {
	return cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
}
