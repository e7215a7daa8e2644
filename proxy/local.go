package proxy

import "net/http"

// A Local is a path that the proxy answers itself, instead of the backend.
type Local struct {
	// Pattern says which requests, as in [http.ServeMux]. It has no host.
	Pattern string
	// Handler answers them. The body of its request is in memory, and within the limits of
	// the proxy; reading a body of more than MaxBody bytes is an [http.MaxBytesError]. The
	// context ends after Timeouts.Response, and [ClientAddress] has the client's address.
	Handler http.Handler
	// MaxBody is the size of the largest body, in bytes.
	MaxBody int64
}

// A Forward says what the backend learns about the user of a request.
type Forward interface {
	// Names are the names of the headers that Headers may return. The proxy removes
	// headers of these names, in any spelling that a backend could take for them, from
	// every request of a client.
	Names() []string
	// Patterns are the patterns of the requests that are restricted, as in [http.ServeMux].
	// A request for one of them in another spelling is 400.
	Patterns() []string
	// Headers returns the headers for the backend, and false if the user must not send the
	// request. It gets the request of the client, before enriched tokens are restored.
	Headers(r *http.Request) (headers http.Header, allowed bool)
}
