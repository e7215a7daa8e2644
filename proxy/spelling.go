package proxy

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// maxDecodings is how often a path is percent-decoded.
const maxDecodings = 4

// spellings returns the paths that lenient backends may take an escaped path for, escaped
// and in one spelling: segments in lower case, decoded, without parameters, dot segments and empty
// segments, and without what Windows ignores at the end of a name. Backends disagree
// about what they decode before they split a path, about whether slashes are merged
// before dots are resolved, and about where a path ends. So there are several, and two
// paths that one backend takes for the same have one of them in common.
func spellings(escaped string) (all []string) {
	if isPlain(escaped) {
		return []string{foldedPath(segmentsOf(escaped, true))}
	}
	add := func(path string) {
		for _, merge := range []bool{true, false} {
			if folded := foldedPath(segmentsOf(path, merge)); !slices.Contains(all, folded) {
				all = append(all, folded)
			}
		}
	}
	for range maxDecodings + 1 {
		for _, path := range slices.Compact([]string{escaped, withoutAuthority(escaped)}) {
			add(path)
			for _, end := range []int{strings.IndexAny(path, "\x00;?#"), indexLatinSpace(path)} {
				if end >= 0 {
					add(path[:end])
				}
			}
		}
		decoded := percentDecoded(escaped)
		if decoded == escaped {
			break
		}
		escaped = decoded
	}
	return all
}

// indexLatinSpace returns where a path ends for servers that split the first line of a request at
// all the spaces of Latin-1 (http.server of Python). It returns -1 if there is none.
func indexLatinSpace(path string) int {
	for i := range len(path) {
		if path[i] == 0x85 || path[i] == 0xa0 {
			return i
		}
	}
	return -1
}

// withoutAuthority returns a path as backends read it that take it for a reference to
// another host (RFC 3986, section 4.2): for new URL("//host/login", base) of JavaScript, the
// path is /login. It returns any other path unchanged.
func withoutAuthority(path string) string {
	rest := strings.TrimLeft(path, `/\`)
	if len(path)-len(rest) < len("//") {
		return path
	}
	if end := strings.IndexAny(rest, `/\`); end >= 0 {
		return rest[end:]
	}
	return "/"
}

// isPlain reports whether a path has only one spelling, except for its case and slashes
// at its end. Most paths do, so it is fast.
func isPlain(path string) bool {
	before := byte('/')
	for i := range len(path) {
		c := path[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
		case c == '/' && (i == 0 || before != '/' && before != '.'), c == '.' && before != '/' && before != '.' && i+1 < len(path):
		default:
			return false
		}
		before = c
	}
	return true
}

// slashes replaces what some backends take for a slash, full width on Windows.
var slashes = strings.NewReplacer(`\`, "/", "\uff0f", "/", "\uff3c", "/")

// segmentsOf returns the segments of a path. If merge is false, a dot segment can remove
// an empty segment, as in RFC 3986, section 5.2.4.
func segmentsOf(path string, merge bool) []string {
	if strings.ContainsAny(path, `\`+"\uff0f\uff3c") {
		path = slashes.Replace(path)
	}
	segments := make([]string, 0, strings.Count(path, "/")+1)
	for segment := range strings.SplitSeq(path, "/") {
		segment = segmentName(segment)
		switch {
		case segment == "..":
			segments = segments[:max(0, len(segments)-1)]
		case segment == ".", segment == "" && merge:
		default:
			segments = append(segments, segment)
		}
	}
	return slices.DeleteFunc(segments, func(segment string) bool { return segment == "" })
}

// segmentName returns a segment decoded, without parameters, in lower case, and without
// dots, spaces and control characters at its end.
func segmentName(segment string) string {
	if !strings.ContainsFunc(segment, notPlain) {
		return segment // a path can have thousands of these
	}
	for range maxDecodings {
		decoded := percentDecoded(segment)
		if decoded == segment {
			break
		}
		segment = decoded
	}
	segment, _, _ = strings.Cut(segment, ";")
	segment = strings.Map(foldRune, segment)
	if trimmed := strings.TrimRightFunc(segment, unicode.IsSpace); trimmed == "." || trimmed == ".." {
		return trimmed
	}
	return strings.TrimRightFunc(segment, func(r rune) bool { return r == '.' || unicode.IsSpace(r) })
}

func notPlain(r rune) bool {
	return (r < 'a' || 'z' < r) && (r < '0' || '9' < r) && r != '-' && r != '_'
}

// foldRune returns a character as backends that ignore case compare it. It removes
// control characters, and characters without width.
func foldRune(r rune) rune {
	switch {
	case r < ' ' || r == 0x7f:
		return -1
	case 'A' <= r && r <= 'Z':
		return r + 'a' - 'A'
	case r < 0x80:
		return r
	case unicode.Is(unicode.Cf, r):
		return -1
	case r == 'ſ':
		return 's'
	case r == '\u212a': // the Kelvin sign
		return 'k'
	case 0xff01 <= r && r <= 0xff5e: // full width
		return foldRune(r - 0xff01 + '!')
	}
	return unicode.ToLower(unicode.ToUpper(r))
}

// percentDecoded decodes %XX, and %uXXXX of old versions of IIS, once. It also decodes
// ASCII characters in two or three bytes, which UTF-8 does not allow. It keeps what it
// cannot decode.
func percentDecoded(text string) string {
	if !strings.Contains(text, "%") {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		if code, n := percentEscape(text[i:]); n > 0 {
			b.WriteString(code)
			i += n
			continue
		}
		b.WriteByte(text[i])
		i++
	}
	return withoutOverlong(b.String())
}

// percentEscape decodes the escape at the start of a text. The length is 0 if there is
// none.
func percentEscape(text string) (decoded string, length int) {
	if text[0] != '%' {
		return "", 0
	}
	if len(text) >= 6 && (text[1] == 'u' || text[1] == 'U') && isHex(text[2]) {
		if code, err := strconv.ParseUint(text[2:6], 16, 16); err == nil {
			return string(rune(code)), 6
		}
	}
	if len(text) >= 3 && isHex(text[1]) {
		if code, err := strconv.ParseUint(text[1:3], 16, 8); err == nil {
			return string([]byte{byte(code)}), 3
		}
	}
	return "", 0
}

// isHex reports whether a character is a hexadecimal digit. Without it, each of many
// broken escapes would cost the error of ParseUint.
func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// withoutOverlong decodes ASCII characters in two or three bytes.
func withoutOverlong(text string) string {
	if strings.IndexByte(text, 0xc0) < 0 && strings.IndexByte(text, 0xc1) < 0 && !strings.Contains(text, "\xe0\x80") && !strings.Contains(text, "\xe0\x81") {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		char, n := overlong(text[i:])
		b.WriteByte(char)
		i += n
	}
	return b.String()
}

// overlong returns the ASCII character at the start of a text if it is in two or three
// bytes, and its length. Otherwise it returns the first byte.
func overlong(text string) (char byte, length int) {
	next := text[0]
	length = 1
	if next == 0xe0 && len(text) > 1 && text[1]&0xfe == 0x80 {
		next, length = 0xc0|text[1]&1, 2
	}
	if next&0xfe == 0xc0 && len(text) > length && text[length]&0xc0 == 0x80 {
		return next&1<<6 | text[length]&0x3f, length + 1
	}
	return text[0], 1
}
