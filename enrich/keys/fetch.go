package keys

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/tokengraft/tokengraft/internal/httpcache"
)

var errPanic = errors.New("panic while reading it; the log says where")

// fetch reads the set once, and says for how long it is fresh. A panic is an
// error: the set is a stranger's text, and logins go on with the keys known.
func (b *backend) fetch(ctx context.Context) (_ *backendSet, err error) {
	location := b.location.Load().(string)
	defer func() {
		if recover() != nil {
			b.logger.Error("panic while reading the backend's JWKS", "stack", string(debug.Stack()))
			err = errPanic
		}
		if err != nil {
			err = fmt.Errorf("JWKS %s: %w", printableLocation(location), err)
		}
	}()
	began := time.Now()
	text, fresh, err := b.read(ctx, location)
	if err != nil {
		return nil, err
	}
	keys, published, err := parseSet(text, b.own)
	if err != nil {
		return nil, err
	}
	freshUntil := began.Add(min(max(fresh, leastFresh), longestFresh))
	return &backendSet{location: location, keys: keys, published: published, freshUntil: freshUntil}, nil
}

// read returns the text of the set and for how long it is fresh.
func (b *backend) read(ctx context.Context, location string) ([]byte, time.Duration, error) {
	switch {
	case location == "":
		return nil, 0, errUnknown
	case !isURL(location):
		text, err := os.ReadFile(location)
		return text, leastFresh, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, location, nil)
	if err != nil {
		return nil, 0, err
	}
	request.Host = b.host
	request.Header.Set("Accept", "application/json, application/jwk-set+json")
	response, err := b.client.Do(request)
	if fault, ok := errors.AsType[*url.Error](err); ok {
		return nil, 0, fault.Err // without the URL, which may be secret in part
	}
	if err != nil {
		return nil, 0, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, 0, fmt.Errorf("answered %s", response.Status)
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, maxJWKS+1))
	if err == nil && len(text) > maxJWKS {
		err = errTooLarge
	}
	return text, httpcache.FreshFor(response.Header, longestFresh), err
}

// printableLocation is a location without what may be secret in it.
func printableLocation(location string) string {
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
