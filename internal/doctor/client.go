package doctor

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/internal/sidecar"
)

const (
	requestTimeout = 20 * time.Second
	maxBody        = 4 << 20
	maxHeader      = 256 << 10
)

// A client sends requests to the sidecar, as a browser or an app does. It keeps cookies,
// and follows no redirect.
type client struct {
	base *url.URL
	host string // Host of the requests; empty means that of base
	http *http.Client
	jar  cookieJar
}

// An exchange is a request and its answer.
type exchange struct {
	status int
	header http.Header
	body   []byte // decompressed
	sent   int    // the size of the request's header, in bytes
	asked  time.Time
	took   time.Duration
}

// good reports whether the answer is a success or a redirect.
func (e exchange) good() bool { return e.status/100 == 2 || e.status/100 == 3 }

var errNoURL = &UsageError{errors.New("the configuration has no address that doctor can connect to: listen has port 0, and there is no public_url. Name it with --url")}

func newClient(o Options) (*client, error) {
	c := &client{base: o.URL, jar: cookieJar{}}
	t := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: o.Authorities}
	if c.base == nil {
		if err := c.fromConfiguration(o.Config, t); err != nil {
			return nil, err
		}
	}
	c.http = &http.Client{
		Timeout:       requestTimeout,
		Transport:     &http.Transport{TLSClientConfig: t, MaxResponseHeaderBytes: maxHeader, DisableKeepAlives: false, ForceAttemptHTTP2: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c, nil
}

// fromConfiguration sets the address of the sidecar's own listener. Clients may type
// another one, so requests have its host.
func (c *client) fromConfiguration(cfg *config.Config, t *tls.Config) error {
	host, port, err := net.SplitHostPort(string(cfg.Listen))
	if err != nil {
		return err
	}
	public := cfg.PublicURL
	if port == "0" {
		if public == (config.BaseURL{}) {
			return errNoURL
		}
		c.base = public.URL()
		return nil
	}
	c.base = &url.URL{Scheme: "http", Host: net.JoinHostPort(reachable(host), port)}
	c.host = public.Host
	if cfg.TLS == (config.TLS{}) {
		return nil
	}
	c.base.Scheme = "https"
	return trustOwn(cfg, t)
}

// trustOwn makes the client accept the certificate of tls.cert_file, for one of its names.
// The listener may have none of them, such as 127.0.0.1.
func trustOwn(cfg *config.Config, t *tls.Config) error {
	leaf, err := firstCertificate(string(cfg.TLS.CertFile))
	if err != nil {
		return cfg.Fault("tls.cert_file", err)
	}
	if t.RootCAs == nil {
		if t.RootCAs, err = x509.SystemCertPool(); err != nil {
			t.RootCAs = x509.NewCertPool()
		}
	}
	t.RootCAs.AddCert(leaf)
	switch {
	case cfg.PublicURL != (config.BaseURL{}):
		t.ServerName = cfg.PublicURL.URL().Hostname()
	case len(leaf.DNSNames) > 0:
		t.ServerName = strings.Replace(leaf.DNSNames[0], "*.", "www.", 1)
	case len(leaf.IPAddresses) > 0:
		t.ServerName = leaf.IPAddresses[0].String()
	}
	return nil
}

// firstCertificate reads the first certificate of a PEM file. The key, which the user of
// doctor may not read, is not needed.
func firstCertificate(file string) (*x509.Certificate, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			return x509.ParseCertificate(block.Bytes)
		}
	}
	return nil, errors.New("has no certificate in PEM form")
}

// reachable returns a host to connect to for one to listen at.
func reachable(host string) string {
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		return "localhost"
	}
	return host
}

// send sends a request with its variables replaced, and with the cookies so far.
func (c *client) send(ctx context.Context, r Request, v values) (exchange, error) {
	request, err := c.build(ctx, r, v)
	if err != nil {
		return exchange{}, err
	}
	c.jar.addTo(request)
	answer, err := exchangeWith(c.http, request)
	c.jar.keep(answer.header)
	return answer, err
}

// build returns a request for the sidecar.
func (c *client) build(ctx context.Context, r Request, v values) (*http.Request, error) {
	request, err := buildFor(ctx, c.base, r, v)
	if err == nil && c.host != "" {
		request.Host = c.host
	}
	return request, err
}

// hostName returns the Host of requests to the sidecar.
func (c *client) hostName() string { return cmp.Or(c.host, c.base.Host) }

// buildFor returns a request for a server. The error does not contain values.
func buildFor(ctx context.Context, base *url.URL, r Request, v values) (*http.Request, error) {
	path, err := v.expand(r.Path, escapeInPath)
	if err != nil {
		return nil, err
	}
	address, err := addressOf(base, path)
	if err != nil {
		return nil, fmt.Errorf("the path of %s is not valid", r.name())
	}
	body := r.Body
	if !r.Literal {
		if body, err = v.expand(body, escapeFor(r.bodyType())); err != nil {
			return nil, err
		}
	}
	request, err := http.NewRequestWithContext(ctx, r.Method, address.String(), strings.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%s is not a valid request", r.name())
	}
	if body != "" {
		request.Header.Set("Content-Type", string(r.bodyType()))
	}
	request.Header.Set("Accept", "application/json, */*;q=0.5")
	request.Header.Set("User-Agent", "tokengraft-doctor")
	for _, line := range r.Header {
		value, err := v.expand(line.Value, verbatim)
		if err != nil {
			return nil, err
		}
		if strings.EqualFold(line.Name, "Host") {
			request.Host = value
			continue
		}
		request.Header.Add(line.Name, value)
	}
	return request, nil
}

// addressOf returns the address of a path, with a query, at a server. Unlike a reference,
// the path //name/a does not lead to another server.
func addressOf(base *url.URL, path string) (*url.URL, error) {
	address, err := url.ParseRequestURI(path)
	if err != nil {
		return nil, err
	}
	address.Scheme, address.Host = base.Scheme, base.Host
	return address, nil
}

// exchangeWith sends a request and reads the answer, both within bounds. The error does
// not contain the address, which may have secrets in its query.
func exchangeWith(client *http.Client, request *http.Request) (exchange, error) {
	e := exchange{sent: headerSize(request.Header) + len(request.Method) + len(request.URL.RequestURI()), asked: time.Now()}
	response, err := client.Do(request)
	if err != nil {
		if wrapped, ok := errors.AsType[*url.Error](err); ok {
			err = wrapped.Err
		}
		return e, err
	}
	defer response.Body.Close()
	e.status, e.header = response.StatusCode, response.Header
	e.body, err = io.ReadAll(io.LimitReader(response.Body, maxBody))
	e.took = time.Since(e.asked)
	return e, err
}

func headerSize(h http.Header) (size int) {
	for name, lines := range h {
		for _, line := range lines {
			size += len(name) + len(": ") + len(line) + len("\r\n")
		}
	}
	return size
}

// toBackend returns a client for the backend itself, which follows no redirect. The backend
// gets the address of the sidecar, because backends make issuers of it.
func (c *client) toBackend(cfg *config.Config) (*http.Client, error) {
	b, err := sidecar.BackendClient(cfg, &url.URL{Scheme: c.base.Scheme, Host: c.hostName()})
	if err != nil {
		return nil, err
	}
	plain := *b
	plain.Timeout = requestTimeout
	plain.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &plain, nil
}

// toSidecar returns a client for the sidecar that does not send cookies, for the keys.
func (c *client) toSidecar() *http.Client {
	plain := *c.http
	plain.Transport = hostTransport{c.host, c.http.Transport}
	return &plain
}

// A hostTransport sets the Host of requests.
type hostTransport struct {
	host string
	http.RoundTripper
}

func (t hostTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if t.host != "" {
		r = r.Clone(r.Context())
		r.Host = t.host
	}
	return t.RoundTripper.RoundTrip(r)
}
