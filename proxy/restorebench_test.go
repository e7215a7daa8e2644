package proxy_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
)

// BenchmarkRestore measures requests without credentials that are full of tokens to
// restore: 100 forged ones in a cookie line, and one genuine token again and again in a
// form of 1 MiB. No listener is in between, so the time is that of the sidecar's own work
// and of one exchange with a local backend. "plain" is the same request with other text.
func BenchmarkRestore(b *testing.B) {
	backend := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) }))
	b.Cleanup(backend.Close)
	backendURL, err := url.Parse(backend.URL)
	if err != nil {
		b.Fatal(err)
	}
	for _, algorithm := range []string{"HS256", "EdDSA", "ES256", "ES512", "RS256"} {
		s := restoring(b)
		s.algorithm, s.options, s.sealAll = algorithm, withoutLog, true
		f := start(b, backendURL, s)
		enriched := f.enriched(b, f.token(""))
		form := strings.Repeat("token="+enriched+"&", (1<<20-20)/(len(enriched)+len("token=&")))
		for _, run := range []struct{ name, cookie, form string }{
			{"forged", forgedCookies(b, enriched), ""},
			{"genuine", "", form},
			{"plain", "", strings.ReplaceAll(form, ".", "-")},
		} {
			b.Run(algorithm+"/"+run.name, func(b *testing.B) {
				for b.Loop() {
					r := httptest.NewRequest(http.MethodPost, "/any", strings.NewReader(run.form))
					r.Header.Set("Content-Type", form2)
					r.Header.Set("Cookie", run.cookie)
					w := httptest.NewRecorder()
					if f.proxy.ServeHTTP(w, r); w.Code != http.StatusOK {
						b.Fatalf("status %d, want 200", w.Code)
					}
				}
			})
		}
	}
}

const form2 = "application/x-www-form-urlencoded"

// forgedCookies returns a Cookie line with 100 different tokens that look enriched, in
// both formats.
func forgedCookies(t testing.TB, enriched string) string {
	t.Helper()
	parsed, err := enrich.ParseToken(enriched)
	if err != nil {
		t.Fatal(err)
	}
	signature := enrichtest.EncodeSegment(strings.Repeat("\x01", len(parsed.Signature)))
	header := enrichtest.EncodeSegment(fmt.Sprintf(`{"alg":%q,"kid":%q,"tgr":"AQ%042d"}`, parsed.Algorithm, parsed.KeyID, 0))
	var line strings.Builder
	for i := range 100 {
		fmt.Fprintf(&line, "c%d=%s.%s.%s; ", i, header, enrichtest.EncodeSegment(fmt.Sprintf(`{"n":%d,"tgr":"Ag%042d"}`, i, i)), signature)
	}
	return line.String()
}
