package enrich

import (
	"encoding/base64"
	"errors"
	"strings"
)

func encodeBase64(text []byte) string { return base64.RawURLEncoding.EncodeToString(text) }

func appendBase64(dst, text []byte) []byte { return base64.RawURLEncoding.AppendEncode(dst, text) }

var strictBase64 = base64.RawURLEncoding.Strict()

var errBase64 = errors.New("not canonical base64url")

// decodeBase64 refuses line breaks. The standard library skips them, so one
// signature would have many spellings (law B5).
func decodeBase64(part string) ([]byte, error) {
	return appendDecoded(make([]byte, 0, strictBase64.DecodedLen(len(part))), part)
}

// appendDecoded is decodeBase64, and appends the text.
func appendDecoded(dst []byte, part string) ([]byte, error) {
	if strings.IndexByte(part, '\n') >= 0 || strings.IndexByte(part, '\r') >= 0 {
		return nil, errBase64
	}
	dst, err := strictBase64.AppendDecode(dst, []byte(part))
	if err != nil {
		return nil, errBase64
	}
	return dst, nil
}
