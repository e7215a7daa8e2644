package oidc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/tokengraft/tokengraft/internal/httpcache"
)

const (
	fetchTimeout = 3 * time.Second // for one path, including redirects
	maxRedirects = 5
)

// Fetch fetches the document once. It waits at most 3 seconds for each path. It does
// not log, does not call OnChange, and does not change [Follower.State]. The error says
// what failed at each path.
func (f *Follower) Fetch(ctx context.Context) (Discovery, error) {
	d, _, err := f.fetch(ctx)
	return d, err
}

// fetch returns the document at the first path that has one, and how long it stays
// fresh.
func (f *Follower) fetch(ctx context.Context) (Discovery, time.Duration, error) {
	var faults []error
	for _, path := range f.o.Paths {
		d, fresh, err := f.fetchAt(ctx, path)
		if err == nil {
			return d, fresh, nil
		}
		faults = append(faults, err)
	}
	return Discovery{}, 0, errors.Join(faults...)
}

func (f *Follower) fetchAt(ctx context.Context, path string) (Discovery, time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	document, header, err := f.read(ctx, path)
	if err != nil {
		return Discovery{}, 0, fmt.Errorf("discovery document %s: %w", path, err)
	}
	d, err := Parse(document)
	if err != nil {
		return Discovery{}, 0, fmt.Errorf("%s: %w", path, err)
	}
	return d, httpcache.FreshFor(header, maxFresh), nil
}

// read returns the body and header of the response. It reads at most one byte more
// than [Parse] accepts.
func (f *Follower) read(ctx context.Context, path string) ([]byte, http.Header, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, f.o.Backend.Scheme+"://"+f.o.Backend.Host+path, nil)
	if err != nil {
		return nil, nil, err
	}
	f.asClient(request)
	request.Header.Set("Accept", "application/json")
	response, err := f.client.Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, nil, fmt.Errorf("the backend answered %s instead of 200", response.Status)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, MaxDocument+1))
	return body, response.Header, err
}

// asClient gives a request the headers that it would have if a client had sent it to
// the public address and the proxy had forwarded it.
func (f *Follower) asClient(request *http.Request) {
	request.Host = f.o.PublicURL.Host
	request.Header.Set("X-Forwarded-Host", f.o.PublicURL.Host)
	request.Header.Set("X-Forwarded-Proto", f.o.PublicURL.Scheme)
}

// redirect follows redirects to other paths of the backend. A redirect to the public
// address would lead back to the proxy, so redirect sends the request to the backend
// instead.
func (f *Follower) redirect(next *http.Request, via []*http.Request) error {
	switch {
	case len(via) > maxRedirects:
		return fmt.Errorf("the backend redirects more than %d times", maxRedirects)
	case next.URL.Host != f.o.PublicURL.Host && next.URL.Host != f.o.Backend.Host:
		return errors.New("the backend redirects to another host, which is not followed")
	}
	next.URL.Scheme, next.URL.Host = f.o.Backend.Scheme, f.o.Backend.Host
	f.asClient(next)
	return nil
}
