package functions

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// maxBody is the size of the largest body of a response, in bytes.
const maxBody = 4 << 20

// A shown error is one that a function may see. Errors of the network are not shown:
// they contain addresses, and a function that throws would send them to the client.
type shown string

func (s shown) Error() string { return string(s) }

const errHost = shown("context.http is not allowed to reach this host: add it to the setting functions.hosts")

// newClient returns a client that reaches only the allowed hosts, also after a
// redirect.
func newClient(o Options) *http.Client {
	return &http.Client{
		Transport: o.Transport,
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if !follows(r.Context()) {
				return http.ErrUseLastResponse
			}
			if len(via) >= 10 {
				return shown("more than 10 redirects")
			}
			return allowed(o.Hosts, r.URL)
		},
	}
}

func allowed(hosts []string, target *url.URL) error {
	if target.Scheme != "http" && target.Scheme != "https" {
		return shown("context.http needs an http or https URL")
	}
	if slices.Contains(hosts, "*") || slices.ContainsFunc(hosts, func(host string) bool { return strings.EqualFold(host, target.Host) }) {
		return nil
	}
	return errHost
}

type followKey struct{}

func follows(ctx context.Context) bool { return ctx.Value(followKey{}) != nil }

// send sends a request. Its error does not contain the path and the query, which may
// contain secrets.
func (a *App) send(ctx context.Context, r *httpRequest, body []byte) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, r.Method, r.URL, bytes.NewReader(body))
	if err != nil {
		return nil, shown("the request is invalid")
	}
	if err := allowed(a.o.Hosts, request.URL); err != nil {
		return nil, err
	}
	if r.Follow {
		request = request.WithContext(context.WithValue(ctx, followKey{}, true))
	}
	request.Header = r.Header
	if host := r.Header.Get("Host"); host != "" {
		request.Host = host
	}
	answer, err := a.client.Do(request)
	var outer *url.Error
	if errors.As(err, &outer) {
		err = outer.Err
	}
	return answer, err
}

// hostOf returns the host of a URL, for logs.
func hostOf(text string) string {
	target, err := url.Parse(text)
	if err != nil {
		return ""
	}
	return target.Host
}
