package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/tlsadvice"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// warn logs a failure of the exchange's rule, at most once in ten seconds for each rule
// and subject, so that a failure of every request does not flood the log. The metrics
// count every failure.
func (x *exchange) warn(subject, message string, attrs ...any) {
	if x.mayLog(subject) > 0 {
		x.proxy.options.Logger.Warn(message, append([]any{slog.String("rule", x.pattern())}, attrs...)...)
	}
}

// mayLog counts an event of the exchange's rule. It returns 0 if no line must be written,
// and otherwise how many events the line is about.
func (x *exchange) mayLog(subject string) (n int) {
	return x.proxy.warnings.Count(x.pattern() + "\x00" + subject)
}

// logNotEnriched logs why a token was not enriched, and what to do. A failure, or what keeps
// the other tokens of its grant unenriched, is a warning.
func (x *exchange) logNotEnriched(header http.Header, g enrich.Grant, outcome enrich.Outcome) {
	n := x.mayLog(string(outcome.Reason))
	if n == 0 {
		return
	}
	policy := x.rule.OnFailure.String()
	if x.gates() {
		policy = "gate"
	}
	attrs := []any{"rule", x.pattern(), "reason", string(outcome.Reason), "policy", policy, "count", n}
	if outcome.Err != nil {
		attrs = append(attrs, "error", outcome.Err)
	}
	if advice := adviceOf(outcome.Err); advice != "" {
		attrs = append(attrs, "advice", advice)
	}
	attrs = append(attrs, clockAttrs(header, g.Answered, outcome.Err)...)
	message := "token not enriched"
	if x.snapshot.Shadow {
		message = "shadow: token would not be enriched"
	}
	level := slog.LevelInfo
	if outcome.Reason.Blocks() {
		level = slog.LevelWarn
	}
	x.proxy.options.Logger.Log(context.Background(), level, message, attrs...)
}

// adviceOf says what to do about the error of an outcome. It is empty if the error itself
// says enough.
func adviceOf(err error) string {
	var advisor interface{ Advice() string }
	if errors.As(err, &advisor) {
		return advisor.Advice()
	}
	return sizeAdvice(err)
}

// clockAttrs says which clock is wrong if a new token is not valid at this time.
func clockAttrs(header http.Header, answered time.Time, err error) []any {
	date, errDate := http.ParseTime(header.Get("Date"))
	if errDate != nil || !errors.Is(err, enrich.ErrTime) {
		return nil
	}
	offset := date.Sub(answered).Round(time.Second)
	advice := "Set the clocks of the backend and of this machine. verify.leeway allows for a small difference."
	if offset.Abs() <= 2*time.Second { // Date has whole seconds
		advice = "The clocks agree, so the backend issues tokens that are not valid at once: check exp and nbf in its settings."
	}
	return []any{"clock_offset_seconds", offset.Seconds(), "advice", advice}
}

// sizeAdvice says which settings help if a document or token is too large. It is empty
// for other errors.
func sizeAdvice(err error) string {
	tooLarge, ok := errors.AsType[*enrich.SizeError](err)
	line, isLine := errors.AsType[*locate.LineError](err)
	switch {
	case isLine:
		return line.Advice()
	case !ok:
		return ""
	case tooLarge.What == "document":
		return "Select fewer fields with claim.include, or raise claim.max_size."
	}
	return fmt.Sprintf("Select fewer fields with claim.include, or raise claim.max_token_size to %d or more.", tooLarge.Size)
}

// warnBackend logs why the backend did not answer, and what to do.
func (x *exchange) warnBackend(err error) {
	attrs := []any{"backend", x.proxy.options.Backend.Host, "error", loggable(err)}
	if advice := backendAdvice(err); advice != "" {
		attrs = append(attrs, "advice", advice)
	}
	x.warn("backend", "the backend did not answer", attrs...)
}

// backendAdvice says what to do about an error of the connection to the backend. It is
// empty if the error itself says enough.
func backendAdvice(err error) string {
	if advice := tlsadvice.For(err); advice != "" {
		return advice
	}
	operation, network := errors.AsType[*net.OpError](err)
	switch {
	case network && operation.Op == "dial":
		return "Check that the backend is running and that the setting backend has its address."
	case errors.Is(err, errResponseTimeout):
		return "Raise timeouts.response if the backend needs longer."
	}
	return ""
}

var errUnreadable = errors.New("the backend closed the connection, or its response is not valid HTTP")

// loggable returns errors of the network unchanged. It hides other errors, because
// they quote the backend's response, which may contain tokens.
func loggable(err error) error {
	_, network := errors.AsType[net.Error](err)
	_, certificate := errors.AsType[*tls.CertificateVerificationError](err)
	_, plain := errors.AsType[tls.RecordHeaderError](err)
	if network || certificate || plain || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	return errUnreadable
}
