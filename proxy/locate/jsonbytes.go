package locate

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
)

// guards are what backends write before JSON, so that a script of another origin cannot
// load it. Clients remove it.
var guards = []string{")]}'", "while(1);", "for(;;);", "while (1);", "for (;;);"}

const (
	byteOrderMark = "\ufeff"
	jsonSpace     = " \t\r\n"
)

// jsonStart returns where the JSON of a body starts: after its guard, if it has one. It
// returns false for a body that cannot be JSON with strings in it. The type of a body says
// nothing, because backends set it carelessly.
func jsonStart(body []byte) (start int, ok bool) {
	if len(body) > 0 && startsValue(body[0]) {
		return 0, true // the usual case
	}
	rest := bytes.TrimLeft(bytes.TrimPrefix(body, []byte(byteOrderMark)), jsonSpace)
	for _, guard := range guards {
		if after, guarded := bytes.CutPrefix(rest, []byte(guard)); guarded {
			rest = bytes.TrimLeft(bytes.TrimPrefix(after, []byte(",")), jsonSpace)
			start = len(body) - len(rest)
			break
		}
	}
	return start, len(rest) > 0 && startsValue(rest[0])
}

// startsValue reports whether a JSON value that starts with c can have strings in it.
func startsValue(c byte) bool { return c == '{' || c == '[' || c == '"' }

// isJSONBody reports whether a body is JSON by its bytes, as far as its start says.
func isJSONBody(body []byte) bool {
	_, ok := jsonStart(body)
	return ok
}

// MayBeJSON reports whether a body of any type could be JSON with a token at one of the
// locations, or a token, so that it depends on its first bytes: see [StartsJSON] and
// [StartsToken]. It returns false for
// types that stream, because waiting for their first bytes could delay them.
func MayBeJSON(locs []Location, header http.Header) bool {
	media := mediaType(header)
	for _, word := range streaming {
		if strings.Contains(media, word) {
			return false
		}
	}
	return slices.ContainsFunc(locs, func(l Location) bool { return l.in == inJSON || l.in == inBody })
}

// streaming are words in the types of streams, and of media that players read in parts.
var streaming = []string{"event-stream", "ndjson", "jsonl", "json-seq", "grpc", "multipart/", "image/", "audio/", "video/", "font/"}

// StartsJSON reports whether a body that starts with some bytes could be JSON. known is
// false if these are too few to say.
func StartsJSON(start []byte) (is, known bool) {
	if strings.HasPrefix(byteOrderMark, string(start)) {
		return false, false
	}
	rest := bytes.TrimLeft(bytes.TrimPrefix(start, []byte(byteOrderMark)), jsonSpace)
	for _, guard := range guards {
		switch {
		case bytes.HasPrefix(rest, []byte(guard)):
			return true, true
		case strings.HasPrefix(guard, string(rest)):
			return false, false
		}
	}
	return isJSONBody(rest), true
}

// StartsToken reports whether a body that starts with some bytes could be one token. known
// is false if these are too few to say.
func StartsToken(start []byte) (is, known bool) {
	if strings.HasPrefix(byteOrderMark, string(start)) {
		return false, false
	}
	const enough = 4
	rest := bytes.TrimLeft(start, jsonSpace)
	if len(rest) < enough {
		// A base64url text of a JSON object starts with e. Any other start is known at once,
		// so that a response which begins with few bytes is not delayed.
		return false, len(rest) > 0 && rest[0] != 'e'
	}
	inToken := func(c rune) bool { return c == '.' || !notBase64url(c) }
	first := string(rest[:min(len(rest), 2*enough)])
	return startsObject(first) && strings.TrimLeftFunc(first, inToken) == "", true
}
