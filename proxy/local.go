package proxy

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// A Local is a path that the proxy answers itself, instead of the backend. It has
// precedence over rules. Only this spelling of the path is the Local's: requests for any
// other, such as one with // or %5f in it, go to the backend.
type Local struct {
	// Pattern is the path, as in [http.ServeMux], without a method and a host. Its
	// wildcards are in [http.Request.PathValue]. Required.
	Pattern string
	// Handler answers all methods, OPTIONS and HEAD too. It runs when the whole body has
	// arrived. The body is in memory, and within the limits of the proxy; if it has more
	// than MaxBody bytes, reading it is an [http.MaxBytesError]. The header of the request
	// is the client's. The context ends when the client leaves, and Timeouts.Response after
	// the header of the request arrived; [ClientAddress] and [Reserve] use it. Required.
	//
	// A Handler has to answer: if it writes nothing, the client gets 500. A panic costs
	// this request only.
	Handler http.Handler
	// Refuse answers a request that the proxy refuses itself: because too many are in progress,
	// because its header is too large or its body incomplete, or because the Handler panicked
	// or wrote nothing. It must not read the body. It may also only add header fields, such as
	// those that web pages of other origins need, and return false. Then the proxy answers
	// with a problem (RFC 9457). Nil adds nothing.
	Refuse func(w http.ResponseWriter, r *http.Request, status int, detail string) (answered bool)
	// MaxBody is the size of the largest body, in bytes. Zero means that no body is
	// allowed.
	MaxBody int64
	// Turns bounds how many requests the Handler works on at the same time, in units of
	// one request. Others wait for up to a second, and then get 503. A request has its turn
	// from the end of its body until the Handler writes the header of the response, so slow
	// clients keep no turns. They are not those of Options, so a slow database cannot stop
	// requests to the backend, nor a slow backend these. Nil means no bound.
	Turns Queue
}

// locals find the Local of a request. The zero locals find none.
type locals struct {
	mux       *http.ServeMux // with the handlers; nil if there are none
	byPattern map[string]*Local
}

// newLocals returns the locals. The error names each that is wrong.
func newLocals(all []Local) (locals, error) {
	if len(all) == 0 {
		return locals{}, nil
	}
	l := locals{http.NewServeMux(), map[string]*Local{}}
	var faults []error
	for _, local := range all {
		if err := l.add(local); err != nil {
			faults = append(faults, fmt.Errorf("proxy: Snapshot.Locals: %q: %w", local.Pattern, err))
		}
	}
	return l, errors.Join(faults...)
}

func (l locals) add(local Local) (err error) {
	switch {
	case !strings.HasPrefix(local.Pattern, "/"):
		return errors.New("the pattern must be a path, without a method and a host")
	case local.Handler == nil:
		return errors.New("it has no Handler")
	case local.MaxBody < 0:
		return errors.New("MaxBody is negative")
	}
	defer func() {
		if fault := recover(); fault != nil { // the only report of a bad pattern or a conflict
			err = fmt.Errorf("%v", fault)
		}
	}()
	if local.Turns == nil {
		local.Turns = unbounded{}
	}
	l.mux.Handle(local.Pattern, local.Handler)
	l.byPattern[local.Pattern] = &local
	return nil
}

// find returns the Local of a request, and nil if there is none. The mux cleans and
// redirects paths, so it gets only those that it would leave as they are.
func (l locals) find(r *http.Request) *Local {
	if l.mux == nil || r.URL.RawPath != "" || cleanEscaped(r.URL.Path) != r.URL.Path {
		return nil
	}
	_, pattern := l.mux.Handler(r)
	if strings.HasSuffix(pattern, r.URL.Path+"/") {
		return nil // the mux would redirect /a to /a/
	}
	return l.byPattern[pattern]
}

// refuse refuses a request in the way of the Local, and reports whether it answered. The
// Local may be nil.
func (l *Local) refuse(w http.ResponseWriter, r *http.Request, p problem) (answered bool) {
	return l != nil && l.Refuse != nil && l.Refuse(w, r, p.Status, p.Detail)
}

// ClientAddress returns the address of the client that sent the request of this context to
// a [Local] or a [Forward]: that of the connection, or what the trusted proxies say. It
// returns "" if the address is not known.
func ClientAddress(ctx context.Context) string {
	x, ok := ctx.Value(exchangeKey{}).(*exchange)
	if !ok || !x.client.address.IsValid() {
		return ""
	}
	return x.client.address.String()
}

// Reserve takes n bytes of Options.Memory for the request of this context to a [Local],
// until the end of its response. A Handler calls it before it allocates much more than the
// body: the proxy has taken that of the body, and [copiesAtLocal] times as much for what the
// Handler makes of it. If it returns false, there is no memory left, and the Handler should
// answer as [Proxy.Overloaded] does.
func Reserve(ctx context.Context, n int64) bool {
	x, ok := ctx.Value(exchangeKey{}).(*exchange)
	return !ok || x.account.takeLarge(n)
}
