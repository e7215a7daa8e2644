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
	logger.LogAttrs(ctx, slog.LevelInfo, "request",
		slog.String("method", x.method),
		slog.String("path", redactPath(x.path)),
		slog.Int("status", x.w.status),
		slog.Int64("bytes", x.w.bytes),
		slog.Float64("seconds", time.Since(x.began).Seconds()),
		slog.String("rule", x.pattern()),
		slog.String("sign_in", x.signInWord()),
		slog.String("why", string(x.signIn.Why)),
		slog.String("tokens", x.reasons.String()),
		slog.String("peer", x.peer),
	)
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

// reasonsSeen are the reasons that were counted for a response, for the access log. In
// shadow mode there are none, because tokens are looked at after the response.
type reasonsSeen []enrich.Reason

func (r *reasonsSeen) add(reason enrich.Reason) {
	if !slices.Contains(*r, reason) {
		*r = append(*r, reason)
	}
}

// String returns the reasons with commas between them.
func (r reasonsSeen) String() string {
	if len(r) == 1 {
		return string(r[0]) // the usual case
	}
	words := make([]string, len(r))
	for i, reason := range r {
		words[i] = string(reason)
	}
	return strings.Join(words, ",")
}
