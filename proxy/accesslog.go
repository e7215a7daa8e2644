package proxy

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"
	"unicode"
)

// logAccess writes one line a request. Its keys are a closed set; there is no
// query, header or body among them.
func (p *Proxy) logAccess(ctx context.Context, x *exchange, w *recorder) {
	pattern := ""
	if x.rule != nil {
		pattern = x.rule.Pattern
	}
	p.o.Logger.LogAttrs(ctx, slog.LevelInfo, "request",
		slog.String("method", x.method),
		slog.String("path", redactPath(x.path)),
		slog.Int("status", w.status),
		slog.Int64("bytes", w.bytes),
		slog.Float64("seconds", time.Since(x.began).Seconds()),
		slog.String("rule", pattern),
		slog.String("peer", x.peer),
	)
}

// redactPath hides path segments that could be a token, a code in a link or a
// user's id. Words stay, with a version number maybe.
func redactPath(path string) string {
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		if !isWord(segment) {
			segments[i] = "[redacted]"
		}
	}
	return strings.Join(segments, "/")
}

// knownMethod is the method, or what OpenTelemetry says for one that is not
// known: a stranger chose its text, which can be a token.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodConnect, http.MethodOptions, http.MethodTrace:
		return method
	}
	return "_OTHER"
}

// isWord tells what a person named from what a machine made up: that is long,
// has many digits, or goes back and forth between them and both cases.
func isWord(segment string) bool {
	const longest, mostDigits, mostTurns = 32, 3, 4
	digits, turns, before := 0, 0, ' '
	for _, c := range segment {
		if unicode.IsDigit(c) {
			digits++
		}
		if turn(before, c) {
			turns++
		}
		before = c
	}
	return len(segment) <= longest && digits <= mostDigits && turns <= mostTurns &&
		!strings.Contains(segment, "@") && !strings.HasPrefix(segment, "eyJ") // the shortest token
}

// turn reports whether something begins between two characters: a word of
// camelCase, a number, or what follows it.
func turn(before, c rune) bool {
	return unicode.IsLower(before) && unicode.IsUpper(c) || unicode.IsLetter(before) && unicode.IsDigit(c) || unicode.IsDigit(before) && unicode.IsLetter(c)
}
