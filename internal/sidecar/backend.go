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

// backendTimeout bounds a request of our own to the backend.
const backendTimeout = 3 * time.Second

// backendClient asks the backend for what we want to know ourselves: its keys,
// its discovery document, whether it is there. It goes through no proxy, and
// follows redirects to the host that was asked only: one to the public address
// would make the sidecar call itself. A nil t speaks TLS
// the system's way.
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
			const most = 5
			if request.URL.Host != via[0].URL.Host || len(via) > most {
				return fmt.Errorf("it redirects to %s", request.URL.Host)
			}
			return nil
		},
	}
}

// askBackend asks the backend for anything: any HTTP response will do.
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

var errNoAnswer = errors.New("backend does not answer")

// publicURL is what clients type; nil if that is not configured.
func publicURL(cfg *config.Config) *url.URL {
	if cfg.PublicURL == (config.BaseURL{}) {
		return nil
	}
	return cfg.PublicURL.URL()
}
