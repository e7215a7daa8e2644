package proxy_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"go.opentelemetry.io/otel/attribute"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

// elsewhere returns the rules of logins, and one for authorization responses from any path.
func elsewhere(t testing.TB) []proxy.Rule {
	t.Helper()
	ends := rule(t, "authorization response", "fragment:access_token", "fragment:id_token", "query:access_token", "query:id_token", "form:access_token", "form:id_token")
	ends.Elsewhere, ends.Mixed, ends.Refresh = true, true, proxy.RefreshNever
	return append(logins(t), ends)
}

const formPost = `<!DOCTYPE html><html><head><title>Submit</title></head><body onload="document.forms[0].submit()">
<FORM method="post" action="https://app/cb"><input type="hidden" name="state" value="&lt;1&gt;"/><input type="hidden" name="access_token" value="TOKEN"/></FORM></body></html>`

func zstandard(text string) string {
	var b bytes.Buffer
	w, _ := zstd.NewWriter(&b)
	w.Write([]byte(text))
	w.Close()
	return b.String()
}

// flows are responses that an authorization flow ends in.
var flows = []struct{ name, head, body string }{
	{"redirect with a fragment", "302 Found\nLocation: https://app/cb#access_token=TOKEN&token_type=bearer&state=a%20b", ""},
	{"redirect that repeats it", "303 See Other\nContent-Type: text/html; charset=utf-8\nLocation: https://app/cb#access_token=TOKEN", `<a href="https://app/cb#access_token=TOKEN">See Other</a>.`},
	{"redirect with a query", "302 Found\nLocation: https://app/cb?code=1&access_token=TOKEN&x=1;2", ""},
	{"form_post page", "200 OK\nContent-Type: text/html;charset=UTF-8\nCache-Control: no-store", formPost},
	{"form_post page without a type", "200 OK\nX-Frame-Options: deny", "\n" + formPost},
	{"form_post page of XHTML", "200 OK\nContent-Type: application/xhtml+xml", formPost},
}

// B2: what a flow ends in decides, and not the path that it comes from.
func TestElsewhere_TokensOfAFlowAreEnrichedOnAnyPath(t *testing.T) {
	for _, flow := range flows {
		for _, target := range []string{"GET /callback?code=x", "POST /approval", "GET /login/x"} {
			t.Run(flow.name+" "+target, func(t *testing.T) {
				f, original := startIssuing(t, setup{rules: elsewhere(t)}, func(token string) string {
					return answer("HTTP/1.1 "+strings.ReplaceAll(flow.head, "TOKEN", token), strings.ReplaceAll(flow.body, "TOKEN", token))
				})
				res, body := f.ask(t, target+" HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
				all := fmt.Sprint(res.Header) + body
				token := findToken(t, all)
				if !f.isEnriched(t, token) || strings.Contains(all, original) {
					t.Errorf("response = %s, want an enriched token and no original", all)
				}
				want := answer("HTTP/1.1 "+strings.ReplaceAll(flow.head, "TOKEN", token), strings.ReplaceAll(flow.body, "TOKEN", token))
				sameResponse(t, "GET", want, res, body)
				if n := f.counted(t, "tokengraft.tokens", attribute.String("rule", "authorization response")); n != 1 {
					t.Errorf("the rule counted %d tokens, want 1", n)
				}
			})
		}
	}
}

// A8: a page that came compressed is searched too.
func TestElsewhere_CompressedPageIsEnriched(t *testing.T) {
	for coding, compress := range map[string]func(string) string{"gzip": gzipped, "zstd": zstandard} {
		f, _ := startIssuing(t, setup{rules: elsewhere(t)}, func(token string) string {
			return answer("HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Encoding: "+coding, compress(strings.ReplaceAll(formPost, "TOKEN", token)))
		})
		res, body := f.ask(t, "GET /approval HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip, zstd\r\n\r\n")
		if token := findToken(t, body); !f.isEnriched(t, token) || res.Header.Get("Content-Encoding") != "" {
			t.Errorf("%s: body = %q, Content-Encoding = %q; want an enriched token, uncompressed", coding, body, res.Header.Get("Content-Encoding"))
		}
	}
}

// A1: every other response is the one that the backend sent.
func TestElsewhere_OtherResponsesAreUnchanged(t *testing.T) {
	login := `<form method="post"><input type="hidden" name="csrf" value="eyJhbGciOiJIUzI1NiJ9.e30.c2ln"><input name="user"></form>`
	named := `<form><input type="hidden" name="access_token" value=""></form>`
	for _, tt := range append(responses, []struct{ name, method, text string }{
		{"login page", "GET", answer("HTTP/1.1 200 OK\nContent-Type: text/html\nETag: \"1\"", login)},
		{"login page, gzip", "GET", answer("HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Encoding: gzip\nETag: \"1\"", gzipped(login))},
		{"login page, zstd", "GET", answer("HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Encoding: zstd", zstandard(login))},
		{"page of an unknown coding", "GET", answer("HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Encoding: compress", login)},
		{"page that is not gzip", "GET", answer("HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Encoding: gzip", login)},
		{"form without a token", "GET", answer("HTTP/1.1 200 OK\nContent-Type: text/html", named)},
		{"page in chunks", "GET", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n" + chunk(login) + "0\r\nX-Sum: 7\r\n\r\n"},
		{"large page", "GET", answer("HTTP/1.1 200 OK\nContent-Type: text/html", login+strings.Repeat("x", 100<<10))},
		{"large page in chunks", "GET", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(login+strings.Repeat("x", 100<<10)) + chunk("")},
		{"empty page in chunks", "GET", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk("")},
		{"no type, no page", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk("{}") + chunk("")},
		{"HEAD of a page", "HEAD", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\n"},
		{"redirect with an opaque token", "GET", answer("HTTP/1.1 302 Found\nLocation: https://app/#access_token=opaque", "")},
		{"redirect with a JARM response", "GET", answer("HTTP/1.1 302 Found\nLocation: https://app/?response=eyJhbGciOiJIUzI1NiJ9.e30.c2ln", "")},
	}...) {
		t.Run(tt.name, func(t *testing.T) {
			f, _ := startResponding(t, tt.text, setup{rules: elsewhere(t)})
			res, body := f.ask(t, tt.method+" /other HTTP/1.1\r\nHost: h\r\nAccept-Encoding: x\r\n\r\n")
			sameResponse(t, tt.method, tt.text, res, body)
		})
	}
}

// A1: a page that the backend sends slowly is forwarded, with and without a form in it, and
// timeouts.response does not apply to it.
func TestElsewhere_SlowPageStreams(t *testing.T) {
	for _, beginning := range []string{"<p>1%", "<form><input name=q>", `<form><input type="hidden" name="access_token"`} {
		t.Run(beginning, func(t *testing.T) {
			t.Parallel()
			next := make(chan bool)
			backend := proxytest.Start(t, func(r *proxytest.Request) {
				r.Send("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(beginning))
				<-next
				r.Send(chunk("<p>100%") + chunk(""))
			})
			f := start(t, backend.URL, setup{rules: elsewhere(t), options: shortTimeout})
			client := f.dial(t)
			client.send("GET /progress HTTP/1.1\r\nHost: h\r\n\r\n")
			res := client.receive("GET")
			first := make([]byte, len(beginning))
			if _, err := io.ReadFull(res.Body, first); err != nil || string(first) != beginning {
				t.Fatalf("read %q and %v before the rest was sent, want %q", first, err, beginning)
			}
			waitLonger(shortTimeout)
			close(next)
			if rest := readAll(t, res.Body); rest != "<p>100%" {
				t.Errorf("the rest of the page is %q, want <p>100%%", rest)
			}
		})
	}
}

// A page with a form for tokens is awaited.
func TestElsewhere_AwaitsTheTokenOfAPage(t *testing.T) {
	t.Parallel()
	var page string
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		before, after, _ := strings.Cut(page, `value="eyJ`)
		r.Send("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(before))
		time.Sleep(1500 * time.Millisecond)
		r.Send(chunk(`value="eyJ`+after) + chunk(""))
	})
	f := start(t, backend.URL, setup{rules: elsewhere(t)})
	page = strings.ReplaceAll(formPost, "TOKEN", f.token(""))
	_, body := f.ask(t, "GET /approval HTTP/1.1\r\nHost: h\r\n\r\n")
	if token := findToken(t, body); !f.isEnriched(t, token) {
		t.Errorf("body = %q, want an enriched token", body)
	}
}

// An incomplete page must not look complete to the client.
func TestElsewhere_IncompletePageStaysIncomplete(t *testing.T) {
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		r.Send("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 100\r\n\r\n<p>")
		r.Close()
	})
	f := start(t, backend.URL, setup{rules: elsewhere(t)})
	w := f.dial(t)
	w.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
	res := w.receive("GET")
	if body, err := io.ReadAll(res.Body); err == nil || string(body) != "<p>" {
		t.Errorf("the client read %q and %v, want <p> and an error", body, err)
	}
}

// A client can make any backend repeat a token in the address of a redirect: it was not
// issued, and nothing is counted.
func TestElsewhere_TokenOfTheRequestIsNotIssued(t *testing.T) {
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		_, target, _ := strings.Cut(r.Line, "next=")
		target, _, _ = strings.Cut(target, " ")
		target, _ = url.QueryUnescape(target)
		r.Send(answer("HTTP/1.1 302 Found\nLocation: "+target, ""))
	})
	f := start(t, backend.URL, setup{rules: elsewhere(t)})
	for _, token := range []string{"garbage", "eyJhbGciOiJub25lIn0.e30.", f.token("")} {
		target := "/x?access_token=" + token
		res, _ := f.ask(t, "GET /go?next="+url.QueryEscape(target)+" HTTP/1.1\r\nHost: h\r\n\r\n")
		if got := res.Header.Get("Location"); got != target {
			t.Errorf("Location: %s, want %s", got, target)
		}
	}
	if n := f.counted(t, "tokengraft.tokens", attribute.String("rule", "authorization response")); n != 0 {
		t.Errorf("the rule counted %d tokens, want 0", n)
	}
}

// C2: code and state of the response, or of its request, keep their hashes; and the policy
// applies only to responses with tokens.
func TestElsewhere_PolicyAppliesToTokens(t *testing.T) {
	rules := elsewhere(t)
	rules[1].OnFailure = enrich.Refuse
	failing := sourceFunc(func(context.Context, enrich.Query) (enrich.Document, error) {
		return enrich.Document{}, errors.New("it is down")
	})
	var sent string
	backend := proxytest.Start(t, func(r *proxytest.Request) { r.Send(sent) })
	f := start(t, backend.URL, setup{rules: rules, source: failing, snapshot: func(s *proxy.Snapshot) { s.Failing = func() bool { return true } }})
	for _, tt := range []struct {
		text   string
		status int
	}{
		{answer("HTTP/1.1 302 Found\nLocation: https://app/#access_token="+f.token(""), ""), 503},
		{answer("HTTP/1.1 200 OK\nContent-Type: text/html", strings.ReplaceAll(formPost, "TOKEN", f.token(""))), 503},
		{answer("HTTP/1.1 200 OK\nContent-Type: text/html", "<form>"), 200},
		{answer("HTTP/1.1 302 Found\nLocation: /next", ""), 302},
	} {
		sent = tt.text
		if res, body := f.ask(t, "GET /callback HTTP/1.1\r\nHost: h\r\n\r\n"); res.StatusCode != tt.status {
			t.Errorf("got %d %q, want %d", res.StatusCode, body, tt.status)
		}
	}
}

// A rule that matches the request has precedence if it finds tokens, and no other.
func TestElsewhere_MatchedRuleHasPrecedenceForItsTokens(t *testing.T) {
	for location, want := range map[string]string{"fragment:access_token": "GET /callback", "json:access_token": "authorization response", "cookie:other": "authorization response"} {
		rules := append(elsewhere(t), rule(t, "GET /callback", location))
		f, _ := startIssuing(t, setup{rules: rules}, func(token string) string {
			return answer("HTTP/1.1 302 Found\nContent-Type: text/html\nLocation: https://app/#access_token="+token, "<a>")
		})
		f.ask(t, "GET /callback HTTP/1.1\r\nHost: h\r\n\r\n")
		if n := f.counted(t, "tokengraft.tokens", attribute.String("rule", want)); n != 1 {
			t.Errorf("with a rule for %s, the rule %q counted %d tokens, want 1", location, want, n)
		}
	}
}

// Shadow mode counts the same tokens and changes nothing.
func TestElsewhere_ShadowCounts(t *testing.T) {
	for _, flow := range flows {
		f, original := startIssuing(t, inShadow(setup{rules: elsewhere(t)}), func(token string) string {
			return answer("HTTP/1.1 "+strings.ReplaceAll(flow.head, "TOKEN", token), strings.ReplaceAll(flow.body, "TOKEN", token))
		})
		res, body := f.ask(t, "GET /callback HTTP/1.1\r\nHost: h\r\n\r\n")
		sent := answer("HTTP/1.1 "+strings.ReplaceAll(flow.head, "TOKEN", original), strings.ReplaceAll(flow.body, "TOKEN", original))
		sameResponse(t, "GET", sent, res, body)
		if !eventually(func() bool { return f.reason(t, enrich.OK) == 1 }) {
			t.Errorf("%s: ok was counted %d times, want 1", flow.name, f.reason(t, enrich.OK))
		}
	}
}
