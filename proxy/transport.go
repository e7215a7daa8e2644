package proxy

import (
	"io"
	"net"
	"net/http"
	"time"
)

// expectContinue is how long a backend is waited for that may not know of
// Expect: 100-continue, before it gets the body unasked.
const expectContinue = time.Second

// newTransport returns a transport for many connections to one backend, which
// sends every request at most once. The default one keeps two connections and
// opens one for every other request, which costs as much as the whole proxying.
func newTransport(o Options) http.RoundTripper {
	dialer := &net.Dialer{Timeout: o.Timeouts.Dial}
	transport := sendOnce{&http.Transport{
		DialContext:            dialer.DialContext,
		TLSClientConfig:        o.TLS.Clone(),
		TLSHandshakeTimeout:    o.Timeouts.Dial,
		MaxIdleConnsPerHost:    1024,
		IdleConnTimeout:        o.Timeouts.Idle,
		DisableCompression:     true, // else it asks for gzip on its own and unpacks it
		ForceAttemptHTTP2:      true,
		ExpectContinueTimeout:  expectContinue,
		MaxResponseHeaderBytes: o.Limits.Headers,
	}}
	if o.Tracer == nil {
		return transport
	}
	return tracedTransport{transport, o.Tracer}
}

// sendOnce makes a transport send every request at most once (law A5): codes,
// refresh tokens and links in e-mails are used up by the first.
//
// [http.Transport] sends a request again, when a kept connection turns out to be
// closed, if it has no body and looks repeatable to it: a GET, HEAD, OPTIONS or
// TRACE, or anything with an Idempotency-Key; over HTTP/2 some others, too. So a
// request without a body gets an empty one that cannot be rewound.
type sendOnce struct{ http.RoundTripper }

// RoundTrip implements [http.RoundTripper].
func (t sendOnce) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil || r.Body == http.NoBody {
		keepZeroLength(r)
		r.Body = emptyBody{}
		r.ContentLength = 0 // with such a body: unknown
		// Nothing announces the body: without this it would be chunked.
		r.TransferEncoding = []string{"identity"}
	}
	return t.RoundTripper.RoundTrip(r)
}

// keepZeroLength keeps the Content-Length of 0 of a request, which the transport
// would no longer send, in a spelling that it does not look for; names of
// headers have no case (RFC 9110, section 5.1). Methods that usually have a body
// get one in any case (section 8.6): some servers insist.
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

// emptyBody is not [http.NoBody], of which the transport knows that it can be
// sent again.
type emptyBody struct{}

func (emptyBody) Read([]byte) (int, error) { return 0, io.EOF }
func (emptyBody) Close() error             { return nil }
