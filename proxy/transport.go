package proxy

import (
	"io"
	"net"
	"net/http"
	"time"

	"github.com/tokengraft/tokengraft/internal/sockets"
	"github.com/tokengraft/tokengraft/proxy/internal/http1"
)

// expectContinue is how long the proxy waits for the backend's 100 Continue. Then it
// sends the body anyway, because some backends ignore Expect: 100-continue.
const expectContinue = time.Second

// newTransport returns a transport for many connections to one backend, which sends
// every request at most once. names learns how the backend spells the names of headers,
// and measured how long it takes.
// Go's default transport keeps only two idle connections and opens a new one for most other
// requests, which costs as much as everything else that the proxy does.
func newTransport(o Options, names *headerNames, measured *httpMetrics) http.RoundTripper {
	dialer := &net.Dialer{Timeout: o.Timeouts.Dial, Control: sockets.Bound}
	var transport http.RoundTripper = sendOnce{&http.Transport{
		DialContext:            names.watch(dialer.DialContext),
		DialTLSContext:         names.watchHTTP1(tlsDialer{dialer, o.TLS.Clone(), o.Timeouts.Dial}.dial),
		MaxIdleConnsPerHost:    1024,
		IdleConnTimeout:        o.Timeouts.Idle,
		DisableCompression:     true, // otherwise the transport adds Accept-Encoding: gzip and decompresses
		ForceAttemptHTTP2:      true,
		ExpectContinueTimeout:  expectContinue,
		MaxResponseHeaderBytes: o.Limits.Headers,
	}}
	if o.Backend.Scheme == "http" && http1.Supported {
		transport = &http1.Transport{
			Host:      o.Backend.Host,
			Dial:      dialer.DialContext,
			Rest:      transport,
			Idle:      o.Timeouts.Idle,
			MaxHeader: o.Limits.Headers,
			Received:  sockets.Received,
			Learn:     names.learn,
		}
	}
	transport = measuredTransport{transport, measured}
	if o.Tracer == nil {
		return transport
	}
	return tracedTransport{transport, o.Tracer}
}

// sendOnce makes a transport send every request at most once (law A5), because a code,
// a refresh token or a link in an e-mail works only once.
//
// When an idle connection turns out to be closed, [http.Transport] retries a request
// that has no body and looks repeatable: a GET, HEAD, OPTIONS or TRACE, a request with
// an Idempotency-Key, and some others over HTTP/2. So sendOnce gives a request without
// a body an empty body that cannot be sent again.
type sendOnce struct{ http.RoundTripper }

// RoundTrip implements [http.RoundTripper].
func (t sendOnce) RoundTrip(r *http.Request) (*http.Response, error) {
	if upgradesToWebSocket(r.Header) {
		r = r.WithContext(withoutHTTP2(r.Context()))
	}
	if r.Body == nil || r.Body == http.NoBody {
		keepZeroLength(r)
		r.Body = emptyBody{}
		r.ContentLength = 0 // which means unknown, because there is a body
		// Without this, the empty body would be sent as chunks.
		r.TransferEncoding = []string{"identity"}
	}
	return t.RoundTripper.RoundTrip(r)
}

// keepZeroLength keeps a Content-Length of 0, which the transport would not send with
// emptyBody. It uses lower case, which the transport does not recognize; header names
// ignore case (RFC 9110, section 5.1). POST, PUT and PATCH always get the header
// (section 8.6), because some servers require it.
func keepZeroLength(r *http.Request) {
	length := r.Header["Content-Length"]
	switch r.Method {
	case http.MethodPost, http.MethodPut, http.MethodPatch:
		length = []string{"0"}
	}
	if length != nil {
		r.Header["content-length"] = length
	}
}

// emptyBody is an empty body that the transport does not recognize as empty.
type emptyBody struct{}

func (emptyBody) Read([]byte) (int, error) { return 0, io.EOF }
func (emptyBody) Close() error             { return nil }

// WriteTo implements [io.WriterTo]. Without it, the transport allocates 32 KiB to copy nothing.
func (emptyBody) WriteTo(io.Writer) (int64, error) { return 0, nil }
