package proxy

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"
	"unicode"
)

// logAccess writes the line of a request to the access log. The line always has the same
// keys. It never has a query, a header or a body, because these can contain tokens.
func (x *exchange) logAccess(ctx context.Context) {
	x.proxy.options.Logger.LogAttrs(ctx, slog.LevelInfo, "request",
		slog.String("method", x.method),
		slog.String("path", redactPath(x.path)),
		slog.Int("status", x.w.status),
		slog.Int64("bytes", x.w.bytes),
		slog.Float64("seconds", time.Since(x.began).Seconds()),
		slog.String("rule", x.pattern()),
		slog.String("sign_in", x.signInWord()),
		slog.String("why", string(x.signIn.Why)),
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

// redactPath hides the segments of a path that could be a token, a code in a link or a
// user id. Words and version numbers stay. It shortens a long path.
func redactPath(path string) string {
	segments := strings.Split(shorten(path), "/")
	for i, segment := range segments {
		if !looksNamed(segment) {
			segments[i] = "[redacted]"
		}
	}
	return shorten(strings.Join(segments, "/"))
}

// maxLoggedPath limits a path in a log line, in bytes. Clients choose paths, and could
// fill the disk.
const maxLoggedPath = 256

// shorten cuts a long path between two segments, because the start of a token could
// look like a word.
func shorten(path string) string {
	const rest = "…"
	if len(path) <= maxLoggedPath {
		return path
	}
	path = path[:maxLoggedPath-len(rest)]
	return path[:strings.LastIndexByte(path, '/')+1] + rest
}

// knownMethod returns a method of RFC 9110 or PATCH unchanged. It returns _OTHER for any
// other text, as OpenTelemetry does, because a client can send a token as the method.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodConnect, http.MethodOptions, http.MethodTrace:
		return method
	}
	return "_OTHER"
}

// looksNamed reports whether a path segment looks like a name that a person chose. A
// generated text is long, has many digits, or changes often between digits, upper and
// lower case.
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
		!strings.Contains(segment, "@") && !strings.HasPrefix(segment, "eyJ") // even a short token
}

// startsWord reports whether a word of camelCase starts between two characters, or a
// number starts or ends there.
func startsWord(before, c rune) bool {
	return unicode.IsLower(before) && unicode.IsUpper(c) || unicode.IsLetter(before) && unicode.IsDigit(c) || unicode.IsDigit(before) && unicode.IsLetter(c)
}
