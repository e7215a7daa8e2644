package proxy

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"
	"unicode"
)

// logAccess writes the line of a request. Its keys are a closed set, without a
// query, header or body.
func (x *exchange) logAccess(ctx context.Context) {
	x.proxy.options.Logger.LogAttrs(ctx, slog.LevelInfo, "request",
		slog.String("method", x.method),
		slog.String("path", redactPath(x.path)),
		slog.Int("status", x.w.status),
		slog.Int64("bytes", x.w.bytes),
		slog.Float64("seconds", time.Since(x.began).Seconds()),
		slog.String("rule", x.pattern()),
		slog.String("peer", x.peer),
	)
}

// redactPath hides path segments that could be a token, a code in a link or a
// user's id. Words stay, with a version number maybe.
func redactPath(path string) string {
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		if !looksNamed(segment) {
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

// looksNamed tells what a person named from what a machine generated. That is
// long, has many digits, or goes back and forth between them and both cases.
func looksNamed(segment string) bool {
	const maxLength, maxDigits, maxStarts = 32, 3, 4
	digits, starts, before := 0, 0, ' '
	for _, c := range segment {
		if unicode.IsDigit(c) {
			digits++
		}
		if startsWord(before, c) {
			starts++
		}
		before = c
	}
	return len(segment) <= maxLength && digits <= maxDigits && starts <= maxStarts &&
		!strings.Contains(segment, "@") && !strings.HasPrefix(segment, "eyJ") // the shortest token
}

// startsWord reports whether something begins between two characters: a word of
// camelCase, a number, or what follows it.
func startsWord(before, c rune) bool {
	return unicode.IsLower(before) && unicode.IsUpper(c) || unicode.IsLetter(before) && unicode.IsDigit(c) || unicode.IsDigit(before) && unicode.IsLetter(c)
}
