package proxy

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/redact"
)

// logAccess writes the line of a request to the access log. The line always has the same
// keys. It never has a query, a header or a body, because these can contain tokens.
func (x *exchange) logAccess(ctx context.Context) {
	logger := x.proxy.options.Logger
	if !logger.Enabled(ctx, slog.LevelInfo) {
		return // before the attributes are made
	}
	now := time.Now()
	record := slog.NewRecord(now, slog.LevelInfo, "request", 0) // without the caller, which costs time to find
	record.AddAttrs(
		slog.String("method", x.method),
		slog.String("path", redactPath(x.path)),
		slog.Int("status", x.w.status),
		slog.Int64("bytes", x.w.bytes),
		slog.Float64("seconds", now.Sub(x.began).Seconds()),
		slog.String("rule", x.pattern()),
		slog.String("sign_in", x.signInWord()),
		slog.String("why", string(x.signIn.Why)),
		slog.String("tokens", string(x.reasons)),
		slog.String("peer", x.peer),
	)
	_ = logger.Handler().Handle(ctx, record) // as a Logger, which ignores the error, too
}

// signInWord returns login, refresh or unknown for a request that was classified, and ""
// for any other.
func (x *exchange) signInWord() string {
	if x.signIn.Why == "" {
		return ""
	}
	return x.signIn.Cause.String()
}

// RedactPath returns a path as the access log has it: without the segments that could be a
// token, a code in a link or a user id.
func RedactPath(path string) string { return redactPath(path) }

// redactPath returns a path for the log, without tokens, codes and ids.
func redactPath(path string) string { return redact.Path(path) }

// reasonsSeen are the reasons that were counted for a response, for the access log: each once,
// with commas between them. In shadow mode there are none, because tokens are looked at after
// the response. Most responses have one, which takes no memory as text.
type reasonsSeen string

func (r *reasonsSeen) add(reason enrich.Reason) {
	switch {
	case *r == "":
		*r = reasonsSeen(reason)
	case !slices.Contains(strings.Split(string(*r), ","), string(reason)):
		*r += "," + reasonsSeen(reason)
	}
}
