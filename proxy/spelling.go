package proxy

import (
	"slices"
	"strconv"
	"strings"
)

// maxDecodings is how often a path is percent-decoded.
const maxDecodings = 4

// spellings returns the paths that lenient backends may take an escaped path for, in one
// spelling: segments in lower case, decoded, without parameters, dot segments and empty
// segments, and without what Windows ignores at the end of a name. Backends disagree
// about what they decode before they split a path, about whether slashes are merged
// before dots are resolved, and about where a path ends. So there are several, and two
// paths that one backend takes for the same have one of them in common.
func spellings(escaped string) [][]string {
	if isPlain(escaped) {
		return [][]string{segmentsOf(escaped, true)}
	}
	var all [][]string
	add := func(segments []string) {
		if !slices.ContainsFunc(all, func(other []string) bool { return slices.Equal(other, segments) }) {
			all = append(all, segments)
		}
	}
	for range maxDecodings + 1 {
		for _, merge := range []bool{true, false} {
			add(segmentsOf(escaped, merge))
			if end := strings.IndexAny(escaped, "\x00;?#"); end >= 0 {
				add(segmentsOf(escaped[:end], merge))
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

// segmentsOf returns the segments of a path. If merge is false, a dot segment can remove
// an empty segment, as in RFC 3986, section 5.2.4.
func segmentsOf(path string, merge bool) []string {
	var segments []string
	for segment := range strings.SplitSeq(strings.ReplaceAll(path, `\`, "/"), "/") {
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
	for range maxDecodings {
		decoded := percentDecoded(segment)
		if decoded == segment {
			break
		}
		segment = decoded
	}
	segment, _, _ = strings.Cut(segment, ";")
	segment = strings.Map(foldRune, segment)
	if trimmed := strings.TrimRight(segment, " "); trimmed == "." || trimmed == ".." {
		return trimmed
	}
	return strings.TrimRight(segment, ". ")
}

// foldRune returns a character as backends that ignore case compare it. It removes
// control characters.
func foldRune(r rune) rune {
	switch {
	case r < ' ' || r == 0x7f:
		return -1
	case 'A' <= r && r <= 'Z':
		return r + 'a' - 'A'
	case r < 0x80:
		return r
	case r == 'ſ':
		return 's'
	case r == '\u212a': // the Kelvin sign
		return 'k'
	case 0xff01 <= r && r <= 0xff5e: // full width
		return foldRune(r - 0xff01 + '!')
	}
	return []rune(strings.ToLower(strings.ToUpper(string(r))))[0]
}

// percentDecoded decodes %XX, and %uXXXX of old versions of IIS, once. It also decodes
// ASCII characters in two bytes, which UTF-8 does not allow. It keeps what it cannot
// decode.
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

// withoutOverlong decodes ASCII characters in two bytes.
func withoutOverlong(text string) string {
	if strings.IndexByte(text, 0xc0) < 0 && strings.IndexByte(text, 0xc1) < 0 {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if c := text[i]; (c == 0xc0 || c == 0xc1) && i+1 < len(text) && text[i+1]&0xc0 == 0x80 {
			i++
			b.WriteByte(c&1<<6 | text[i]&0x3f)
			continue
		}
		b.WriteByte(text[i])
	}
	return b.String()
}
