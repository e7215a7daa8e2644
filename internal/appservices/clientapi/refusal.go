package clientapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/tokengraft/tokengraft/internal/appservices"
	"github.com/tokengraft/tokengraft/internal/loglimit"
)

// A refusal is an answer that is an error.
type refusal struct {
	answer     appservices.Error
	retryAfter time.Duration // 0: not said
}

func newRefusal(status int, code, message string) *refusal {
	return &refusal{answer: appservices.Error{Status: status, Code: code, Message: message}}
}

// Error implements [error].
func (f *refusal) Error() string { return f.answer.Error() }

var (
	errStream      = newRefusal(http.StatusMethodNotAllowed, "BadRequest", "streams of changes (watch) are not supported")
	errMethod      = newRefusal(http.StatusMethodNotAllowed, "BadRequest", "a call is a POST request")
	errContentType = newRefusal(http.StatusUnsupportedMediaType, "BadRequest", "the content type must be application/json")
	errTooLarge    = newRefusal(http.StatusRequestEntityTooLarge, "BadRequest", "the body is larger than 1 MiB")
	errManyValues  = newRefusal(http.StatusRequestEntityTooLarge, "BadRequest", "the body has more than 100,000 values")
	errNoToken     = newRefusal(http.StatusForbidden, "MissingAuthReq", "expected Authorization header with JWT")
	errExpired     = newRefusal(http.StatusUnauthorized, "InvalidSession", "invalid session")
	errBadToken    = newRefusal(http.StatusForbidden, "InvalidSession", "invalid session")
	errLimited     = newRefusal(http.StatusTooManyRequests, "LimitExceeded", "too many requests. Try again later")
	errOverloaded  = &refusal{appservices.Error{Status: http.StatusServiceUnavailable, Code: "InternalServerError", Message: "too many calls at this time. Try again later"}, time.Second}
	errUnavailable = newRefusal(http.StatusServiceUnavailable, "InternalServerError", "something that the call needs does not answer. Try again later")
	errTime        = newRefusal(http.StatusBadRequest, "ExecutionTimeLimitExceeded", "execution time limit exceeded")
	errMemory      = newRefusal(http.StatusBadRequest, "FunctionExecutionError", "execution memory limit exceeded")
	errArgument    = newRefusal(http.StatusBadRequest, "InvalidParameter", "an argument is not valid Extended JSON")
)

func malformed(what string) *refusal { return newRefusal(http.StatusBadRequest, "BadRequest", what) }

// refusedByProxy returns the answer to a request that the proxy refused with a status.
func refusedByProxy(status int, detail string) *refusal {
	switch {
	case status == http.StatusServiceUnavailable:
		return errOverloaded
	case status >= http.StatusInternalServerError:
		return newRefusal(status, "InternalServerError", detail)
	}
	return newRefusal(status, "BadRequest", detail)
}

// notFound returns the error for a function or a service that there is not, with the text
// of App Services.
func notFound(code, what, name string) *refusal {
	return newRefusal(http.StatusNotFound, code, fmt.Sprintf("%s not found: '%s'", what, name))
}

// An unavailable is an error that is not for the client.
type unavailable struct {
	what string
	err  error
}

func (u *unavailable) Error() string { return u.what + ": " + u.err.Error() }
func (u *unavailable) Unwrap() error { return u.err }

// refusal returns what a client gets for an error, and nil for none. It logs what is not
// for the client.
func (h *Handler) refusal(ctx context.Context, c call, err error) *refusal {
	if err == nil {
		return nil
	}
	if known, ok := errors.AsType[*refusal](err); ok {
		return known
	}
	if known, ok := errors.AsType[*appservices.Error](err); ok {
		return &refusal{answer: *known}
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return errTime
	}
	if ctx.Err() == nil {
		h.log.add(ctx, "a call of a user failed ("+c.endpoint()+"), and not because of the user", err)
	}
	return errUnavailable
}

// result returns the label of the metric. A nil refusal is ok.
func (f *refusal) result() string {
	switch {
	case f == nil:
		return "ok"
	case f == errOverloaded:
		return "overloaded"
	case f.answer.Status == http.StatusTooManyRequests:
		return "limited"
	case f.answer.Status >= http.StatusInternalServerError:
		return "failed"
	case f.answer.Status == http.StatusUnauthorized, f.answer.Status == http.StatusForbidden, f.answer.Status == http.StatusNotFound:
		return "refused"
	case f.answer.Code == "FunctionExecutionError", f.answer.Code == "ExecutionTimeLimitExceeded":
		return "failed"
	}
	return "invalid"
}

func (f *refusal) write(w http.ResponseWriter) {
	if f.retryAfter > 0 {
		seconds := (f.retryAfter + time.Second - 1) / time.Second
		w.Header().Set("Retry-After", strconv.Itoa(int(seconds)))
	}
	if f.answer.Status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", "POST, OPTIONS")
	}
	write(w, f.answer.Status, f.answer.Body())
}

// A failureLog logs failures, without a line for each: clients can cause them.
type failureLog struct {
	logger *slog.Logger
	kinds  loglimit.Counter
}

func (l *failureLog) add(ctx context.Context, what string, err error) {
	if n := l.kinds.Count(what); n > 0 {
		l.logger.LogAttrs(ctx, slog.LevelWarn, what, slog.Any("error", err), slog.Int("times", n))
	}
}
