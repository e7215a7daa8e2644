package proxy_test

import (
	"fmt"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"

	"github.com/tokengraft/tokengraft/proxy"
)

// restoringAt returns a setup with a place of each kind in requests to any path.
func restoringAt(t testing.TB) setup {
	at := locations(t, "query:accessToken", "header:X-Key", "cookie:sid", "form:jwt", "json:session.token")
	return setup{rules: logins(t), snapshot: func(s *proxy.Snapshot) { s.RestoreAt = at }}
}

// D1: places of requests to any path, with a rule and without.
func TestRestoreAt_ReachesTheBackendByteForByte(t *testing.T) {
	const upgrade = "Connection: Upgrade\r\nUpgrade: websocket"
	for _, tt := range []struct {
		location, method, target, line, body string
	}{
		{"query:accessToken", "GET", "/api/get-account?accessToken=TOKEN&a=%zz", "A: b", ""},
		{"query:accessToken", "DELETE", "/api/x?a=1&access%54oken=Bearer+TOKEN", "A: b", ""},
		{"query:accessToken", "GET", "/ws?accessToken=TOKEN", upgrade, ""},
		{"header:X-Key", "GET", "/ws", "X-Key: JWT TOKEN\r\n" + upgrade, ""},
		{"header:X-Key", "HEAD", "/a", "X-Key: TOKEN", ""},
		{"cookie:sid", "GET", "/a", "Cookie: a=1; sid=\"TOKEN\"", ""},
		{"form:jwt", "POST", "/a", form, "a=b&jwt=TOKEN&c"},
		{"json:session.token", "PUT", "/a", jsonBody, ` {"n":1.0,"session":{"token":"TOKEN"},"token":"other"}`},
		{"json:session.token", "POST", "/login", jsonBody, `{"session":{"token":"TOKEN"}}`},
		{"json:session.token", "PATCH", "/a", "Content-Type: application/vnd.api+json; charset=utf-8", `{"session":{"token":"TOKEN"}}`},
	} {
		t.Run(tt.method+" "+tt.target+" "+tt.location, func(t *testing.T) {
			f, backend := startResponding(t, noContent, restoringAt(t))
			original := f.token("")
			for _, token := range []string{f.enriched(t, original), original} {
				with := func(s string) string { return strings.ReplaceAll(s, "TOKEN", token) }
				f.ask(t, request(tt.method, with(tt.target), []string{with(tt.line)}, with(tt.body)))
			}
			got, want := backend.Requests()[0], backend.Requests()[1]
			if got.Line != want.Line || got.Body != want.Body || strings.Join(got.Header, "\n") != strings.Join(want.Header, "\n") {
				t.Errorf("the backend got %q\n%q\n%q\nwant %q\n%q\n%q", got.Line, got.Header, got.Body, want.Line, want.Header, want.Body)
			}
			if n := f.counted(t, "tokengraft.restored", attribute.String("location", tt.location)); n != 1 {
				t.Errorf("restored tokens at %s = %d, want 1", tt.location, n)
			}
		})
	}
}

// D2: TRACE shows the request to the client. Without restore nothing is swapped.
func TestRestoreAt_SkipsTRACEAndRestoreOff(t *testing.T) {
	off := restoringAt(t)
	at := off.snapshot
	off.snapshot = func(s *proxy.Snapshot) { at(s); s.Restore = false }
	for method, s := range map[string]setup{"TRACE": restoringAt(t), "GET": off} {
		f, backend := startResponding(t, noContent, s)
		enriched := f.enriched(t, f.token(""))
		f.ask(t, request(method, "/a?accessToken="+enriched, []string{"X-Key: " + enriched}, ""))
		if all := backend.Requests()[0]; !strings.Contains(all.Line, enriched) || !has(all.Get("X-Key"))(enriched) {
			t.Errorf("%s: the backend got %q with %q, want the enriched token in both", method, all.Line, all.Header)
		}
	}
}

// B4: a JSON body over the limit streams to the backend, and one of a request that no
// json: location can concern is not read.
func TestRestoreAt_ReadsOnlyWhatItNeeds(t *testing.T) {
	small := restoringAt(t)
	small.options = func(o *proxy.Options) { o.Limits.Body = 1000 }
	f, backend := startResponding(t, noContent, small)
	enriched := f.enriched(t, f.token(""))
	over := fmt.Sprintf(`{"session":{"token":%q},"pad":%q}`, enriched, strings.Repeat("x", 1000))
	f.ask(t, request("POST", "/a", []string{jsonBody}, over))
	if got := backend.Requests()[0].Body; got != over {
		t.Errorf("over the limit: the backend got %q, want %q", got, over)
	}
	f.ask(t, "POST /a HTTP/1.1\r\nHost: h\r\n"+jsonBody+"\r\nTransfer-Encoding: chunked\r\n\r\n"+chunk(over)+chunk(""))
	if got := strings.NewReplacer("\r\n", "").Replace(backend.Requests()[1].Body); !strings.Contains(got, enriched) {
		t.Errorf("over the limit in chunks: the backend got %q, want it to have the enriched token", got)
	}

	headers := setup{snapshot: func(s *proxy.Snapshot) { s.RestoreAt = locations(t, "header:X-Key", "query:t") }}
	f, backend = startResponding(t, noContent, headers)
	f.shared.memory.Resize(100_000)
	f.ask(t, request("POST", "/a", []string{jsonBody}, `"`+strings.Repeat("x", 500_000)+`"`))
	if got := len(backend.Requests()); got != 1 {
		t.Errorf("without a json: location and without memory for the body, the backend got %d requests, want 1", got)
	}
}

// G5: the memory for a body is taken before it is read.
func TestRestoreAt_TakesMemoryForJSON(t *testing.T) {
	f, _ := startResponding(t, noContent, restoringAt(t))
	f.shared.memory.Resize(100_000)
	res, body := f.ask(t, request("POST", "/a", []string{jsonBody}, `"`+strings.Repeat("x", 500_000)+`"`))
	expectOverloaded(t, res, body)
}
