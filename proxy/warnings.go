package proxy

import (
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/tlsadvice"
)

// A rateLimitedLog keeps a failure that every request shares from flooding the
// log: one line for each rule and subject, and then one in logInterval. The
// metrics have them all.
type rateLimitedLog struct {
	logger *slog.Logger
	limits sync.Map // *rate.Sometimes by rule and subject
}

const logInterval = 10 * time.Second

func (l *rateLimitedLog) warn(pattern, subject, message string, attrs ...any) {
	limit, _ := l.limits.LoadOrStore(pattern+"\x00"+subject, &rate.Sometimes{First: 1, Interval: logInterval})
	limit.(*rate.Sometimes).Do(func() {
		l.logger.Warn(message, append([]any{slog.String("rule", pattern)}, attrs...)...)
	})
}

// warn logs a failure of the exchange's rule.
func (x *exchange) warn(subject, message string, attrs ...any) {
	x.proxy.failures.warn(x.pattern(), subject, message, attrs...)
}

// warnNotEnriched logs why a token was not enriched.
func (x *exchange) warnNotEnriched(header http.Header, g enrich.Grant, outcome enrich.Outcome) {
	attrs := []any{"reason", string(outcome.Reason), "policy", x.rule.OnFailure.String()}
	if outcome.Err != nil {
		attrs = append(attrs, "error", outcome.Err)
	}
	if date, err := http.ParseTime(header.Get("Date")); err == nil && errors.Is(outcome.Err, enrich.ErrTime) {
		// A fresh token outside its time is a wrong clock, here or there.
		attrs = append(attrs, "clock_offset_seconds", date.Sub(g.Answered).Round(time.Second).Seconds())
	}
	message := "token not enriched"
	if x.snapshot.Shadow {
		message = "shadow: token would not be enriched"
	}
	x.warn(string(outcome.Reason), message, attrs...)
}

// warnBackend logs why the backend did not answer.
func (x *exchange) warnBackend(err error) {
	attrs := []any{"backend", x.proxy.options.Backend.Host, "error", loggable(err)}
	if advice := tlsadvice.For(err); advice != "" {
		attrs = append(attrs, "advice", advice)
	}
	x.warn("backend", "backend did not answer", attrs...)
}

var errUnreadable = errors.New("it closed the connection, or sent what cannot be read as HTTP")

// loggable returns an error of the network as it is. Others quote what the
// backend sent, in which there may be tokens.
func loggable(err error) error {
	_, network := errors.AsType[net.Error](err)
	_, certificate := errors.AsType[*tls.CertificateVerificationError](err)
	if network || certificate || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	return errUnreadable
}
