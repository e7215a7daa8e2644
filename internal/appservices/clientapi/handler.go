// Package clientapi answers the calls that the SDKs of MongoDB Atlas App Services send:
// functions of the app, and the methods of the service mongodb-atlas, which read and write
// the users' collection.
//
// A call is a POST of {"name":…,"arguments":[…],"service":…} in Extended JSON, with the
// user's token as a bearer token. The answer is the result in canonical Extended JSON, or
// {"error":…,"error_code":…}. The status is 401 only if the token has expired: an SDK then
// refreshes it and sends the call again. For any other token that would not help, and some
// SDKs would try it forever.
package clientapi

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/appservices"
)

// A Service has methods that clients call by name.
type Service interface {
	// Call calls a method. Arguments and result are canonical Extended JSON. The error is an
	// [*appservices.Error] if it is for the client.
	Call(ctx context.Context, c appservices.Caller, name string, args []json.RawMessage) (json.RawMessage, error)
}

// Options are what a [Handler] is made of.
type Options struct {
	// Authenticate returns whose token it is: [enrich.Enricher.Authenticate]. Required.
	Authenticate func(ctx context.Context, token string) (enrich.Session, error)
	// Bearer returns the bearer token of a request. Required.
	Bearer func(r *http.Request) (token string, ok bool)
	// Source finds the custom data of users. Required.
	Source enrich.Source
	// Functions has the functions that users may call, by name. Nil means none.
	Functions Service
	// Service is what Services names. Nil means none.
	Service  Service
	Services []string
	// Timeout is how long a call may take. Required.
	Timeout time.Duration

	// CORS answers the requests that are not calls, and reports whether it has. It also adds
	// headers for web pages. Nil allows no web page of another origin.
	CORS func(w http.ResponseWriter, r *http.Request) (answered bool)
	// Allow says whether a user may send another request now, and if not, when. Nil allows
	// all.
	Allow func(user enrich.User) (retryAfter time.Duration, ok bool)
	// Reserve takes memory for what is in a call, and for its result. Nil takes none.
	Reserve func(ctx context.Context, bytes int64) bool
	// Address returns the address of the client of a request. Nil means "".
	Address func(ctx context.Context) string
	// Count counts a request. Nil counts none.
	Count func(ctx context.Context, endpoint, result string)
	// Logger gets failures that are not the client's. Nil discards them.
	Logger *slog.Logger
}

// A Handler answers calls. It is an [http.Handler] for one path.
type Handler struct {
	o     Options
	calls callsOfUsers
	log   failureLog
}

// New returns a handler.
func New(o Options) *Handler {
	if o.CORS == nil {
		o.CORS = func(http.ResponseWriter, *http.Request) bool { return false }
	}
	if o.Allow == nil {
		o.Allow = func(enrich.User) (time.Duration, bool) { return 0, true }
	}
	if o.Reserve == nil {
		o.Reserve = func(context.Context, int64) bool { return true }
	}
	if o.Address == nil {
		o.Address = func(context.Context) string { return "" }
	}
	if o.Count == nil {
		o.Count = func(context.Context, string, string) {}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Handler{o: o, calls: callsOfUsers{of: map[enrich.User]int{}}, log: failureLog{logger: o.Logger}}
}

// ServeHTTP implements [http.Handler].
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h.o.CORS(w, r) {
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), h.o.Timeout)
	defer cancel()
	called, result, err := h.run(ctx, r)
	if err == nil && !h.o.Reserve(ctx, int64(len(result))) {
		err = errOverloaded
	}
	refused := h.refusal(ctx, called, err)
	h.o.Count(r.Context(), called.endpoint(), refused.result())
	if refused != nil {
		refused.write(w)
		return
	}
	write(w, http.StatusOK, result)
}

// Refuse answers a request that the proxy refuses before the Handler gets it, in the shape
// that SDKs expect. It always answers.
func (h *Handler) Refuse(w http.ResponseWriter, r *http.Request, status int, detail string) (answered bool) {
	if h.o.CORS(w, r) {
		return true
	}
	refused := refusedByProxy(status, detail)
	h.o.Count(r.Context(), call{}.endpoint(), refused.result())
	refused.write(w)
	return true
}

// run runs the call in a request. What it returns of the call also counts with an error.
func (h *Handler) run(ctx context.Context, r *http.Request) (called call, result json.RawMessage, err error) {
	if err := checkMethod(r); err != nil {
		return call{}, nil, err
	}
	session, err := h.authenticate(ctx, r)
	if err != nil {
		return call{}, nil, err
	}
	if retry, ok := h.o.Allow(session.User); !ok {
		return call{}, nil, &refusal{errLimited.answer, retry}
	}
	leave, ok := h.calls.enter(session.User)
	if !ok {
		return call{}, nil, errLimited
	}
	defer leave()
	if called, err = h.readCall(ctx, r); err != nil {
		return called, nil, err
	}
	caller, err := h.caller(ctx, session, r, called)
	if err != nil {
		return called, nil, err
	}
	result, err = h.dispatch(ctx, caller, called)
	return called, result, err
}

// dispatch gives a call to the functions or the service.
func (h *Handler) dispatch(ctx context.Context, caller appservices.Caller, c call) (json.RawMessage, error) {
	switch {
	case c.service != "" && !h.has(c.service):
		return nil, notFound("ServiceNotFound", "service", c.service)
	case c.service != "":
		return h.o.Service.Call(ctx, caller, c.name, c.args)
	case h.o.Functions == nil:
		return nil, notFound("FunctionNotFound", "function", c.name)
	}
	return h.o.Functions.Call(ctx, caller, c.name, c.args)
}

// authenticate returns whose request it is.
func (h *Handler) authenticate(ctx context.Context, r *http.Request) (enrich.Session, error) {
	token, ok := h.o.Bearer(r)
	if !ok {
		return enrich.Session{}, errNoToken
	}
	session, err := h.o.Authenticate(ctx, token)
	switch {
	case errors.Is(err, enrich.ErrExpired):
		return session, errExpired
	case enrich.IsInvalid(err):
		return session, errBadToken
	case err != nil:
		return session, &unavailable{"the token could not be verified", err}
	}
	return session, nil
}

// write writes an answer. The native SDKs read errors only if the content type is exactly
// this one.
func write(w http.ResponseWriter, status int, body []byte) {
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(body) // an error means that the client has left
}
