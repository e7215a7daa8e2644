package locate_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/proxy/locate"
)

// BenchmarkLogin measures what a login costs in this package: once the request with a form,
// once its response with a token. Both benchmarks are of the usual case, whose bytes and
// allocations are what the fast paths of this package are for.
func BenchmarkLogin(b *testing.B) {
	form := locate.Request{
		Path: "/oauth/token",
		Header: http.Header{
			"Content-Type": {"application/x-www-form-urlencoded"}, "Content-Length": {"53"}, "User-Agent": {"Mozilla/5.0 (X11; Linux x86_64)"},
			"Accept": {"application/json, text/plain, */*"}, "Accept-Encoding": {"gzip"}, "X-Requested-With": {"XMLHttpRequest"},
		},
		HasBody: true,
		Body:    []byte("grant_type=password&username=u1&password=correct-horse"),
	}
	places := locs(b, "json:access_token")
	b.Run("request", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			restored, names := form.Restore(places, func(string) (string, bool) { return "", false })
			if c := restored.Classify(); c.Why != locate.WhyGrantType || len(names) > 0 {
				b.Fatalf("Classify = %+v, restored at %q", c, names)
			}
			if code, state := restored.Param("code"), restored.Param("state"); code != "" || state != "" {
				b.Fatalf("code %q, state %q", code, state)
			}
		}
	})
	token, enriched := sizedJWS(400, 40), sizedJWS(900, 40)
	answer := locate.Response{
		Header: http.Header{"Content-Type": {"application/json"}, "Content-Length": {"700"}, "Date": {"Mon, 30 Nov 2026 10:00:00 GMT"}, "Cache-Control": {"no-store"}},
		Body:   []byte(`{"access_token":"` + token + `","token_type":"Bearer","expires_in":300,"scope":"openid profile","refresh_token":"` + strings.Repeat("r", 64) + `"}`),
	}
	b.Run("response", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			reading := answer.Read(places)
			found := reading.Tokens
			if reading.DPoP || reading.IssuedTokenType != "" || answer.Param("code") != "" || answer.Param("state") != "" {
				b.Fatal("the response has what it does not have")
			}
			after := answer.ReplaceFunc(found, func(string) string { return enriched })
			if len(found) != 1 || len(after.Body) != len(answer.Body)+len(enriched)-len(token) {
				b.Fatalf("found %d tokens", len(found))
			}
		}
	})
}

// sizedJWS returns a text in the shape of a token, with parts of these lengths.
func sizedJWS(payload, signature int) string {
	return "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9." + strings.Repeat("eyJz", payload/4) + "." + strings.Repeat("Sg-_", signature/4)
}
