// Package userheaders makes headers about the user of a request for the backend, from the
// enriched token in the request, and says whether the user may send it.
package userheaders

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"

	"go.opentelemetry.io/otel/metric"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/appservices/expression"
	"github.com/tokengraft/tokengraft/internal/bsonvalue"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// Options are what the headers are made from. All but Allow, Values, Environment and Meter
// are required.
type Options struct {
	// Token is where the enriched token of a request is: a header or a cookie.
	Token locate.Location
	// Headers are the headers by name: expansions or other text.
	Headers map[string]string
	// Allow must be true for the user, or the request is refused. Nil permits every request.
	Allow *expression.Expression
	// Values and Environment are those of [expression.Env].
	Values, Environment bsonvalue.Value

	// Tokens verifies tokens.
	Tokens Tokens
	// User returns the user object of a session, with its document as custom data.
	User   func(enrich.Session) json.RawMessage
	Meter  metric.Meter
	Logger *slog.Logger
}

// Tokens verifies the tokens of requests. An [enrich.Enricher] does.
type Tokens interface {
	MayRestore(token string) bool
	Authenticate(ctx context.Context, token string) (enrich.Session, error)
}

// A Headers makes the headers of one pattern of requests. It is safe for concurrent use.
type Headers struct {
	o       Options
	place   place
	names   []string // sorted
	values  map[string]*expression.Text
	metrics *metrics
}

// New returns the headers. The error names each that is wrong.
func New(o Options) (*Headers, error) {
	h := &Headers{o: o, place: placeOf(o.Token), names: slices.Sorted(maps.Keys(o.Headers)), values: map[string]*expression.Text{}}
	var faults []error
	for name, value := range o.Headers {
		text, err := expression.ParseText(value, expression.Scope{})
		if err != nil {
			faults = append(faults, fmt.Errorf("header %s: %w", name, err))
		}
		h.values[name] = text
	}
	var err error
	h.metrics, err = newMetrics(o.Meter, o.Logger)
	return h, errors.Join(append(faults, err)...)
}

// Names returns the names of the headers.
func (h *Headers) Names() []string { return h.names }

// Of returns the headers of a request. It checks a signature only if the request has a token
// that may be an enriched one. The error is [proxy.ErrForbidden] if the user must not send
// the request, and another one if that cannot be known because the keys of the backend are
// unavailable. Without Allow there is no error.
func (h *Headers) Of(r *http.Request) (http.Header, error) {
	session, outcome, err := h.session(r)
	if err != nil || !session.Enriched {
		h.metrics.count(r.Context(), outcome)
		return nil, h.refusal(err)
	}
	env, err := h.env(r.Context(), session)
	if err != nil || !h.permits(r.Context(), env) {
		h.metrics.count(r.Context(), denied)
		return nil, h.refusal(nil)
	}
	headers, outcome := h.make(env)
	h.metrics.count(r.Context(), outcome)
	return headers, nil
}

// session verifies the token of a request. If it is not an enriched one, the session is not
// Enriched. The error means that the keys are unavailable.
func (h *Headers) session(r *http.Request) (enrich.Session, outcome, error) {
	token, ok := h.place.token(r.Header)
	if !ok || !h.o.Tokens.MayRestore(token) {
		return enrich.Session{}, noToken, nil
	}
	session, err := h.o.Tokens.Authenticate(r.Context(), token)
	switch {
	case err == nil && session.Enriched:
		return session, set, nil
	case err == nil, enrich.IsInvalid(err):
		return enrich.Session{}, invalidToken, nil
	}
	return enrich.Session{}, unavailable, err
}

// refusal returns the error for a request without a user. Keys that are unavailable are the
// cause if there is one.
func (h *Headers) refusal(cause error) error {
	switch {
	case h.o.Allow == nil:
		return nil
	case cause != nil:
		return fmt.Errorf("the token cannot be verified: %w", cause)
	}
	return proxy.ErrForbidden
}

func (h *Headers) env(ctx context.Context, session enrich.Session) (*expression.Env, error) {
	user, err := expression.NewUser(h.o.User(session))
	if err != nil {
		h.metrics.failures.Count(ctx, "forward")
		return nil, err
	}
	return &expression.Env{User: user, Values: h.o.Values, Environment: h.o.Environment}, nil
}

// permits evaluates Allow. An evaluation that fails is false.
func (h *Headers) permits(ctx context.Context, env *expression.Env) bool {
	if h.o.Allow == nil {
		return true
	}
	allowed, err := h.o.Allow.Eval(ctx, env)
	if err != nil {
		h.metrics.failures.Count(ctx, "forward")
	}
	return allowed
}

// The sizes of encoded values, in bytes.
const (
	maxValue = 4 << 10
	maxAll   = 8 << 10
)

// make returns the headers for the backend. It leaves out those that are too large.
func (h *Headers) make(env *expression.Env) (http.Header, outcome) {
	headers, left, result := http.Header{}, maxAll, set
	for _, name := range h.names {
		v, err := h.values[name].Value(env)
		text, ok := encode(v)
		switch {
		case err != nil || !ok:
		case len(text) > maxValue || len(text) > left:
			result = tooLarge
			h.metrics.warnTooLarge(name)
		default:
			left -= len(text)
			headers[http.CanonicalHeaderKey(name)] = []string{text}
		}
	}
	return headers, result
}
