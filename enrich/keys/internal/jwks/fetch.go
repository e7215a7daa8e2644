package jwks

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/tokengraft/tokengraft/internal/httpanswer"
	"github.com/tokengraft/tokengraft/internal/httpcache"
	"github.com/tokengraft/tokengraft/internal/supervise"
)

// maxSize is the largest size of a set, in bytes.
const maxSize = 1 << 20

var errTooLarge = errors.New("the JWK Set is larger than 1 MiB")

// ReadFile reads the set if it is a file, without calling OnChange. If the set is
// at a URL, it does nothing.
func (f *Follower) ReadFile() error {
	if location := f.location.Load().(string); location == "" || isURL(location) {
		return nil
	}
	set, err := f.fetch(context.Background())
	if err == nil {
		f.current.Store(set)
	}
	return err
}

// fetch reads the set once. A panic becomes an error: the text comes from outside,
// and logins must continue with the known keys.
func (f *Follower) fetch(ctx context.Context) (_ *Set, err error) {
	location := f.location.Load().(string)
	defer func() {
		if err != nil {
			err = fmt.Errorf("JWKS %s: %w", printable(location), err)
		}
	}()
	defer supervise.Catch(f.o.Logger, "reading the backend's JWKS", &err)
	began := time.Now()
	text, fresh, err := f.read(ctx, location)
	if err != nil {
		return nil, err
	}
	set, err := parse(text, f.o.IsOwn)
	if err != nil {
		return nil, err
	}
	set.location = location
	set.Fetched = began
	set.FreshUntil = began.Add(min(max(fresh, minFresh), maxFresh))
	return set, nil
}

// read returns the text of the set and how long it is fresh.
func (f *Follower) read(ctx context.Context, location string) ([]byte, time.Duration, error) {
	switch {
	case location == "":
		return nil, 0, errNoLocation
	case !isURL(location):
		text, err := os.ReadFile(location)
		return text, minFresh, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, location, nil)
	if err != nil {
		return nil, 0, err
	}
	request.Header.Set("Accept", "application/json, application/jwk-set+json")
	response, err := f.o.Client.Do(request)
	if fault, ok := errors.AsType[*url.Error](err); ok {
		return nil, 0, fault.Err // without the URL, which may contain a secret
	}
	if err != nil {
		return nil, 0, err
	}
	defer response.Body.Close()
	if err := httpanswer.Check(response); err != nil {
		return nil, 0, err
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, maxSize+1))
	if err == nil && len(text) > maxSize {
		err = errTooLarge
	}
	return text, httpcache.FreshFor(response.Header, maxFresh), err
}

// printable returns a location without its password and query, which may be
// secret.
func printable(location string) string {
	u, err := url.Parse(location)
	if err != nil || location == "" {
		return "of the backend"
	}
	u.RawQuery = ""
	return u.Redacted()
}

func isURL(location string) bool {
	return strings.HasPrefix(location, "http://") || strings.HasPrefix(location, "https://")
}
