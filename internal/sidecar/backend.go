package sidecar

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/tokengraft/tokengraft/config"
)

// backendTimeout bounds a request of the sidecar itself to the backend.
const backendTimeout = 3 * time.Second

// backendClient returns the client for requests of the sidecar itself: for keys, the
// discovery document and probes. It does not use a proxy. It follows redirects only
// to the same host, because a redirect to the public address would make the sidecar
// call itself. A nil t means the default TLS settings.
func backendClient(cfg *config.Config, t *tls.Config) *http.Client {
	dialer := &net.Dialer{Timeout: cfg.Timeouts.Dial}
	return &http.Client{
		Timeout: backendTimeout,
		Transport: &http.Transport{
			DialContext:         dialer.DialContext,
			TLSClientConfig:     t.Clone(),
			TLSHandshakeTimeout: cfg.Timeouts.Dial,
			IdleConnTimeout:     cfg.Timeouts.Idle,
		},
		CheckRedirect: func(request *http.Request, via []*http.Request) error {
			const maxRedirects = 5
			if request.URL.Host != via[0].URL.Host {
				return fmt.Errorf("the backend redirects to another host, %s", request.URL.Host)
			}
			if len(via) > maxRedirects {
				return fmt.Errorf("the backend redirects more than %d times", maxRedirects)
			}
			return nil
		},
	}
}

// askBackend sends a request for / to the backend. Every HTTP response is a success.
func askBackend(ctx context.Context, cfg *config.Config, t *tls.Config) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, cfg.Backend.String()+"/", nil)
	if err != nil {
		return nil, err
	}
	request.Host = cfg.PublicURL.Host
	client := backendClient(cfg, t)
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoAnswer, err)
	}
	return response, response.Body.Close()
}

var errNoAnswer = errors.New("the backend does not answer")

// publicURL returns the address that clients use, or nil if it is not configured.
func publicURL(cfg *config.Config) *url.URL {
	if cfg.PublicURL == (config.BaseURL{}) {
		return nil
	}
	return cfg.PublicURL.URL()
}
