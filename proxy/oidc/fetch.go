package oidc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/tokengraft/tokengraft/internal/httpanswer"
	"github.com/tokengraft/tokengraft/internal/httpcache"
)

// fetchTimeout limits a fetch from one path, including redirects.
const fetchTimeout = 3 * time.Second

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
	found := false // at least one path has something that is not a document
	for _, path := range f.o.Paths {
		d, fresh, err := f.fetchAt(ctx, path)
		if err == nil {
			return d, fresh, nil
		}
		faults = append(faults, err)
		_, missing := errors.AsType[notFoundError](err)
		found = found || !missing
	}
	err := errors.Join(faults...)
	if !found {
		err = &httpanswer.Error{Err: err, Setting: "oidc.discovery", Advice: "set oidc.discovery to the path of the document at the backend"}
	}
	return Discovery{}, 0, err
}

// A notFoundError says that there is nothing at a path.
type notFoundError struct{ error }

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
	request.Header.Set("Accept", "application/json")
	response, err := f.o.Client.Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer response.Body.Close()
	if err := httpanswer.Check(response); err != nil {
		if response.StatusCode == http.StatusNotFound {
			err = notFoundError{err}
		}
		return nil, nil, err
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, MaxDocument+1))
	return body, response.Header, err
}
