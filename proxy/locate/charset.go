package locate

import (
	"slices"
	"strings"
)

// HasClearCharset reports whether [Response.HasToken] can read the characters of the body:
// ASCII is one byte each, or has NULs around it. In EBCDIC and UTF-7 a token looks
// different, and at some backends the client chooses the charset.
func (r Response) HasClearCharset() bool {
	if len(r.Body) == 0 {
		return true
	}
	for _, line := range r.Header["Content-Type"] {
		rest := strings.ReplaceAll(strings.ToLower(line), " ", "")
		for {
			_, after, ok := strings.Cut(rest, "charset=")
			if !ok {
				break
			}
			name, _, _ := strings.Cut(after, ";")
			if !isClearCharset(strings.Trim(name, "\t\"'")) {
				return false
			}
			rest = after
		}
	}
	return true
}

func isClearCharset(name string) bool {
	return name == "" || slices.ContainsFunc(clearCharsets, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}

// clearCharsets are how the names of charsets start in which ASCII is readable. The last
// ones are mistakes, which clients ignore.
var clearCharsets = []string{
	"utf-8", "utf8", "utf-16", "utf16", "utf-32", "utf32", "ucs-", "iso-10646", "ascii", "us-ascii", "ansi_x3.4", "iso-8859", "iso8859", "iso_8859", "latin",
	"windows-", "cp125", "cp437", "cp85", "cp86", "cp932", "cp949", "koi8", "gb", "big5", "shift_jis", "shift-jis", "sjis", "euc-", "euc_", "ks_c", "tis-620", "mac", "cesu-8",
	"iso-2022-", "none", "null", "undefined", "binary",
}
