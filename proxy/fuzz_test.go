package proxy_test

import (
	"testing"

	"github.com/tokengraft/tokengraft/proxy"
)

// A8: no body decodes to more than the limit.
func FuzzDecode_ReturnsAtMostTheLimit(f *testing.F) {
	for _, coding := range codings {
		f.Add([]byte(compress(f, coding.writer, `{"access_token":"x"}`)), coding.header)
	}
	f.Add([]byte("x"), "compress, identity,,")
	f.Fuzz(func(t *testing.T, body []byte, codings string) {
		const limit = 4 << 10
		if decoded, err := proxy.Decode(body, codings, limit); err == nil && len(decoded) > limit {
			t.Errorf("Decode(%q, %q) returned %d bytes, want at most %d", body, codings, len(decoded), limit)
		}
	})
}
