package locate

import (
	"encoding/base64"
	"iter"
	"strings"
)

// minBase64 is the length of the shortest text in which a JWS fits, in base64.
const minBase64 = 40

// base64In yields what is in the runs of base64 of a text, in any alphabet, and in several
// lines. It yields each run decoded from its first four characters, because a name can be
// before it: base64-eyJhY2Nlc3M. It leaves out the shapes that were already found,
// which are sorted by their start.
func base64In(text string, found []shape) iter.Seq[string] {
	return func(yield func(string) bool) {
		for at := 0; at < len(text); {
			for len(found) > 0 && found[0].end <= at {
				found = found[1:]
			}
			end := len(text)
			if len(found) > 0 {
				if end = found[0].start; end <= at {
					at = found[0].end
					continue
				}
			}
			if standardChars[text[at]] == 0 {
				at++
				continue
			}
			n := runLength(text[at:end])
			if n >= minBase64 && !yieldDecoded(text[at:at+n], yield) {
				return
			}
			at += n
		}
	}
}

// minLine is the length of the shortest line after which base64 continues in the next one.
// Common lines have 60, 64 or 76 characters. Words of a text are shorter.
const minLine = 48

// runLength returns the length of the base64 at the start of a text.
func runLength(text string) int {
	line := 0
	for i := range len(text) {
		switch {
		case standardChars[text[i]] != 0:
			line++
		case line >= minLine && isLineEnd(text[i]):
			line = 0
		case line > 0 || i > 0 && !isLineEnd(text[i-1]) || !isLineEnd(text[i]):
			return i
		}
	}
	return len(text)
}

// isLineEnd reports whether a character ends a line. An escaped end is a space.
func isLineEnd(c byte) bool { return c == '\n' || c == '\r' || c == ' ' }

// standardChars has each character of base64 in the standard alphabet, and 0 for others.
var standardChars = func() (chars [256]byte) {
	for c := range chars {
		if !notBase64url(rune(c)) || c == '+' || c == '/' {
			chars[c] = byte(c)
		}
	}
	chars['-'], chars['_'] = '+', '/'
	return chars
}()

func yieldDecoded(run string, yield func(string) bool) bool {
	const block = 4
	for start := 0; start < block && len(run)-start >= minBase64; start++ {
		if !yield(decodedRun(run, start)) {
			return false
		}
	}
	return true
}

// decodedRun returns what is in a run of base64, without its first characters. The result
// is the only large memory that it needs: clients choose the text, and it can nest.
func decodedRun(run string, skipped int) string {
	var decoded strings.Builder
	decoded.Grow(base64.RawStdEncoding.DecodedLen(len(run)))
	var chars [1024]byte // in the standard alphabet, without the ends of lines
	var buf [len(chars) / 4 * 3]byte
	n := 0
	flush := func() {
		// Errors do not matter, such as bits that are left over at the end.
		length, _ := base64.RawStdEncoding.Decode(buf[:], chars[:n])
		decoded.Write(buf[:length])
		n = 0
	}
	for i := range len(run) {
		c := standardChars[run[i]]
		if c == 0 {
			continue
		}
		if skipped > 0 {
			skipped--
			continue
		}
		chars[n] = c
		if n++; n == len(chars) {
			flush()
		}
	}
	if n%4 == 1 {
		n--
	}
	flush()
	return decoded.String()
}

// looksLikeText reports whether decoded base64 is text, in which more can be encoded. The
// first bytes do not count, because they could be of a name before the base64.
func looksLikeText(text string) bool {
	const skipped, looked = 12, 64
	for _, c := range []byte(text[min(skipped, len(text)):min(looked, len(text))]) {
		if c >= 0x7f || c < ' ' && c != 0 && c != '\t' && c != '\r' && c != '\n' {
			return false
		}
	}
	return true
}
