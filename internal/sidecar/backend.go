package sidecar

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/proxy"
)

// backendClient returns the client for requests of the sidecar itself to the backend:
// for keys, the discovery document and probes. A nil t means the default TLS settings.
func backendClient(cfg *config.Config, t *tls.Config) *http.Client {
	return backendClientFor(cfg, t, clientsURL(cfg))
}

// backendClientFor is backendClient for clients that use an address.
func backendClientFor(cfg *config.Config, t *tls.Config, address *url.URL) *http.Client {
	return proxy.NewClient(proxy.Options{
		Backend:   cfg.Backend.URL(),
		TLS:       t,
		PublicURL: address,
		Timeouts:  proxy.Timeouts{Dial: cfg.Timeouts.Dial, Idle: cfg.Timeouts.Idle},
	})
}

// publicURL returns the address that clients use, or nil if it is not configured.
func publicURL(cfg *config.Config) *url.URL {
	if cfg.PublicURL == (config.BaseURL{}) {
		return nil
	}
	return cfg.PublicURL.URL()
}

// clientsURL returns the address that clients seem to use. Without public_url that is the
// backend's, with https if the sidecar or the backend has a certificate.
func clientsURL(cfg *config.Config) *url.URL {
	if public := publicURL(cfg); public != nil {
		return public
	}
	address := cfg.Backend.URL()
	if cfg.TLS != (config.TLS{}) {
		address.Scheme = "https"
	}
	return address
}

// keysAtBackend returns the address of verify.jwks if it is a URL at the backend, and nil
// if it is not.
func keysAtBackend(cfg *config.Config) *url.URL {
	u, err := url.Parse(cfg.Verify.JWKS.URL)
	if err != nil || u.Scheme != cfg.Backend.Scheme {
		return nil
	}
	backend := cfg.Backend.URL()
	if !strings.EqualFold(u.Hostname(), backend.Hostname()) || portOf(u) != portOf(backend) {
		return nil
	}
	return u
}

func portOf(u *url.URL) string {
	return cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
}

// otherTimeout bounds a request to a server that is not the backend.
const otherTimeout = 3 * time.Second

// otherClient returns the client for keys that are not at the backend. Its requests are
// not those of clients, and it follows redirects only to the same host.
func otherClient(cfg *config.Config) *http.Client {
	return &http.Client{
		Timeout:   otherTimeout,
		Transport: &http.Transport{TLSHandshakeTimeout: otherTimeout, IdleConnTimeout: cfg.Timeouts.Idle},
		CheckRedirect: func(next *http.Request, via []*http.Request) error {
			const maxRedirects = 5
			if next.URL.Host != via[0].URL.Host {
				return fmt.Errorf("the server redirects to another host, %s", next.URL.Host)
			}
			if len(via) > maxRedirects {
				return fmt.Errorf("the server redirects more than %d times", maxRedirects)
			}
			return nil
		},
	}
}

// askBackend sends a request to the backend that costs it little. Every HTTP response is a
// success, so a backend that cannot answer HEAD is asked with GET.
func askBackend(ctx context.Context, client *http.Client, address string) (*http.Response, error) {
	probe := *client
	probe.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	var fault error
	for _, method := range []string{http.MethodHead, http.MethodGet} {
		request, err := http.NewRequestWithContext(ctx, method, address, nil)
		if err != nil {
			return nil, err
		}
		response, err := probe.Do(request)
		if err == nil {
			return response, response.Body.Close()
		}
		fault = err
	}
	return nil, fmt.Errorf("%w: %w", errNoAnswer, fault)
}

var errNoAnswer = errors.New("the backend does not answer")
