package adminapi

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// A Client asks the admin API of a running sidecar for its configuration. Its errors are a
// [*Problem] if the sidecar sent one.
type Client struct {
	// URL is that of the admin listener, such as http://127.0.0.1:9901. It can have a path,
	// if a proxy has the listener below one.
	URL string
	// Token returns the admin token, or "". It is a function, so that nothing that prints
	// the client prints the token. Nil means no token.
	Token func() string
	// HTTP sends the requests. Nil means a client that uses no proxy. Redirects are not
	// followed in any case.
	HTTP *http.Client
}

const (
	clientTimeout = 70 * time.Second // a deployment is answered within a minute
	maxAnswer     = 4 << 20          // of an answer, in bytes
)

// direct uses no proxy from the environment: the sidecar is close, and the token is only
// for it.
var direct = &http.Client{Transport: &http.Transport{DisableCompression: true}}

// Config returns the configuration file and its versions.
func (c *Client) Config(ctx context.Context) (Config, error) {
	var out Config
	err := c.call(ctx, http.MethodGet, "/api/config", nil, &out, func() bool { return out.Settings.Mode != "" })
	return out, err
}

// Review says what a draft changes, and what its faults are.
func (c *Client) Review(ctx context.Context, draft Draft) (Review, error) {
	var out Review
	err := c.call(ctx, http.MethodPost, "/api/config/review", draft, &out, func() bool { return out.Base != "" })
	return out, err
}

// Deploy makes a draft the configuration.
func (c *Client) Deploy(ctx context.Context, draft Draft) (Deployment, error) {
	var out Deployment
	err := c.call(ctx, http.MethodPost, "/api/config/deploy", draft, &out, func() bool { return out.Version.ID != "" })
	return out, err
}

// RollBack makes an earlier version the configuration.
func (c *Client) RollBack(ctx context.Context, to Rollback) (Deployment, error) {
	var out Deployment
	err := c.call(ctx, http.MethodPost, "/api/config/rollback", to, &out, func() bool { return out.Version.ID != "" })
	return out, err
}

// An UnansweredError says that a sidecar did not answer a request.
type UnansweredError struct {
	// Sent says that the sidecar may have got the request, and may have changed something.
	Sent bool
	err  error
}

// Error implements [error].
func (e *UnansweredError) Error() string { return e.err.Error() }

// Unwrap returns the cause.
func (e *UnansweredError) Unwrap() error { return e.err }

// call sends a value as JSON, and reads the answer into out. Whole reports whether out has
// what every answer of a sidecar has.
func (c *Client) call(ctx context.Context, method, path string, in, out any, whole func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, clientTimeout)
	defer cancel()
	request, err := c.request(ctx, method, path, in)
	if err != nil {
		return err
	}
	var wrote atomic.Bool
	trace := &httptrace.ClientTrace{WroteHeaders: func() { wrote.Store(true) }}
	request = request.WithContext(httptrace.WithClientTrace(ctx, trace))
	client := *cmp.Or(c.HTTP, direct)
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := client.Do(request)
	if err != nil {
		return unanswered(err, in != nil && wrote.Load())
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case err != nil:
		return unanswered(fmt.Errorf("the answer of %s ended early: %w", request.URL.Redacted(), err), in != nil)
	case len(body) > maxAnswer:
		return fmt.Errorf("the answer of %s has more than %d bytes. %s", request.URL.Redacted(), maxAnswer, checkAddress)
	case response.StatusCode != http.StatusOK:
		return refusal(response, body)
	case contentType(response) != "application/json" || json.Unmarshal(body, out) != nil || !whole():
		return stranger(response)
	}
	return nil
}

func (c *Client) request(ctx context.Context, method, path string, in any) (*http.Request, error) {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(c.URL, "/")+path, body)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	if in != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.Token != nil && c.Token() != "" {
		request.Header.Set("Authorization", "Bearer "+c.Token())
	}
	return request, nil
}

// unanswered says what to do if no answer comes.
func unanswered(err error, sent bool) error {
	if dial, ok := errors.AsType[*net.OpError](err); ok && dial.Op == "dial" {
		err = fmt.Errorf("%w\nIs the sidecar running? Its log shows the address of the admin listener", err)
	}
	return &UnansweredError{sent, err}
}

// problemTypes are those of the API. The public listener of a sidecar has others, and so
// has the backend behind it.
var problemTypes = []string{ForbiddenType, InvalidType, FaultsType, ConflictType, UnchangedType, ReadOnlyType, UnavailableType}

// refusal returns the error in an answer with another status than 200.
func refusal(response *http.Response, body []byte) error {
	switch contentType(response) {
	case "application/problem+json":
		problem := new(Problem)
		if json.Unmarshal(body, problem) == nil && slices.Contains(problemTypes, problem.Type) && problem.Detail != "" {
			return problem
		}
	case "application/json": // the listener refuses a peer before the API sees the request
		var refused struct{ Status string }
		if json.Unmarshal(body, &refused) == nil && response.StatusCode == http.StatusForbidden && refused.Status != "" {
			return &Problem{Type: ForbiddenType, Title: "Forbidden", Status: response.StatusCode, Detail: refused.Status}
		}
	}
	return stranger(response)
}

const checkAddress = "Check the address: it is `admin` in the configuration of the sidecar"

// stranger says that the answer is not that of a sidecar.
func stranger(response *http.Response) error {
	asked := response.Request.URL.Redacted()
	if to := response.Header.Get("Location"); to != "" && response.StatusCode/100 == 3 {
		return fmt.Errorf("%s answered %s to another address, which is not followed. %s", asked, response.Status, checkAddress)
	}
	return fmt.Errorf("%s answered %s, but not as the admin listener of tokengraft does. %s", asked, response.Status, checkAddress)
}

func contentType(response *http.Response) string {
	name, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	return name
}
