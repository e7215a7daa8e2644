package discover

import (
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/tokengraft/tokengraft/proxy"
)

const (
	// maxExchanges limits how many exchanges are kept.
	maxExchanges = 1000
	// maxKept limits the bodies of all exchanges together, in bytes.
	maxKept = 64 << 20
)

// A Capture is a transparent proxy in front of a backend that keeps copies of what goes
// through it. It forwards what the sidecar would forward without rules.
type Capture struct {
	proxy   *proxy.Proxy
	host    string
	started func(e Exchange)
	done    func(e Exchange)

	mu        sync.Mutex
	exchanges []*Exchange
	kept      int // bytes of bodies
	dropped   int // exchanges beyond the limits
}

// CaptureOptions are the options of [NewCapture].
type CaptureOptions struct {
	Backend *url.URL
	// Host replaces the Host of all requests. Empty keeps it, as the sidecar does.
	Host   string
	Logger *slog.Logger
	// Started is called before the client gets an answer, with the request alone. It may be
	// nil. Done is called after each exchange. Both may be called concurrently.
	Started, Done func(Exchange)
}

// NewCapture returns a Capture, which is an [http.Handler].
func NewCapture(o CaptureOptions) (*Capture, error) {
	p, err := proxy.New(proxy.Options{Backend: o.Backend, Logger: o.Logger}, &proxy.Snapshot{})
	if err != nil {
		return nil, err
	}
	return &Capture{proxy: p, host: o.Host, started: o.Started, done: o.Done}, nil
}

// ServeHTTP implements [http.Handler].
func (c *Capture) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	request := &copied{}
	r = r.WithContext(r.Context())
	if c.host != "" {
		r.Host = c.host
	}
	hasBody := r.Body != nil && r.Body != http.NoBody
	if hasBody {
		r.Body = &copiedBody{r.Body, request}
	}
	// A copy, because the proxy may change the header, and its Host is not in it.
	header := r.Header.Clone()
	header.Set("Host", r.Host)
	asked := Exchange{Method: r.Method, Path: pathOfRequest(r), RawQuery: r.URL.RawQuery, RequestHeader: header, HasRequestBody: hasBody, At: began}
	answer := &recorder{ResponseWriter: w, begin: func() {
		if c.started == nil {
			return
		}
		e := asked
		e.addRequestBody(request)
		c.started(e)
	}}
	defer func() {
		e := asked
		e.addRequestBody(request)
		e.addAnswer(answer)
		c.keep(&e)
		c.done(e)
	}()
	c.proxy.ServeHTTP(answer, r)
}

// pathOfRequest returns the path as the backend gets it.
func pathOfRequest(r *http.Request) string {
	path, _, _ := strings.Cut(r.RequestURI, "?")
	if strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "//") {
		return path
	}
	return r.URL.EscapedPath()
}

// addRequestBody adds what was read of the request's body.
func (e *Exchange) addRequestBody(request *copied) {
	if !e.HasRequestBody {
		return
	}
	// The sidecar does not decode the bodies of requests either.
	if body, ok := request.whole(http.Header{}); ok && e.RequestHeader.Get("Content-Encoding") == "" {
		e.RequestBody = body
	}
}

// addAnswer adds the answer.
func (e *Exchange) addAnswer(answer *recorder) {
	e.Status, e.Header = answer.status, answer.header
	if answer.skip || e.Header == nil {
		return
	}
	body, ok := answer.body.whole(e.Header)
	switch {
	case !ok:
		e.Cut = true
	case !isScript(e.Header, body):
		e.Body = body
	}
}

// keep keeps an exchange within the limits.
func (c *Capture) keep(e *Exchange) {
	c.mu.Lock()
	defer c.mu.Unlock()
	size := len(e.Body) + len(e.RequestBody)
	if len(c.exchanges) >= maxExchanges || c.kept+size > maxKept {
		c.dropped++
		return
	}
	c.kept += size
	c.exchanges = append(c.exchanges, e)
}

// Exchanges returns what was kept, in the order in which the requests began, and how many
// exchanges were not kept.
func (c *Capture) Exchanges() (exchanges []Exchange, dropped int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.exchanges {
		exchanges = append(exchanges, *e)
	}
	sortByTime(exchanges)
	return exchanges, c.dropped
}
