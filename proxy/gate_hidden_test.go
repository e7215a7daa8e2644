package proxy_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/url"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy"
)

// G8: a response that cannot be read to its end does not leave, even if no token is seen.
func TestGate_RefusesWhatCannotBeReadToItsEnd(t *testing.T) {
	json := `{"access_token":"` + issued + `"}`
	padded := `{"access_token":"` + issued + `","echo":"` + strings.Repeat("x", 5000) + `"}`
	for _, test := range []struct{ name, why, answer string }{
		{"a part", "part", answer("HTTP/1.1 206 Partial Content\nContent-Type: application/json\nContent-Range: bytes 1-9/90", json[1:])},
		{"a part without a token", "part", answer("HTTP/1.1 206 Partial Content\nContent-Range: bytes 0-0/1", "x")},
		{"over the limit", "too_large", answer("HTTP/1.1 200 OK\nContent-Type: application/json", padded)},
		{"over the limit in chunks", "too_large", "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1770\r\n" + strings.Repeat("x", 6000)},
		{"over the limit once decompressed", "too_large", answer("HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Encoding: gzip", gzipped(padded))},
		{"over the limit without a token", "too_large", answer("HTTP/1.1 200 OK\nContent-Type: image/png", strings.Repeat("x", 6000))},
		{"an unknown coding", "coding", answer("HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Encoding: compress", json)},
		{"a wrong coding", "coding", answer("HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Encoding: gzip", json)},
		{"an unknown coding of HTML", "coding", answer("HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Encoding: x", "<p>")},
		{"gzip that is not declared", "coding", answer("HTTP/1.1 200 OK\nContent-Type: application/json", gzipped(json))},
		{"EBCDIC, as a client asks Spring for it", "charset", answer("HTTP/1.1 200 OK\nContent-Type: application/json; charset = IBM037", "\xc0\x7f")},
		{"UTF-7", "charset", answer("HTTP/1.1 200 OK\nContent-Type: text/html;charset=\"utf-7\"", "+AGUAeQBK-")},
		{"events", "stream", "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: " + json + "\n\n"},
		{"an upgrade", "upgrade", "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n" + issued},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newFakeEnricher(enrich.OK).use(gated(rule(t, "POST /login", "json:access_token")))
			s.options = func(o *proxy.Options) { o.Limits.Body = 4 << 10 }
			f, _ := startResponding(t, test.answer, s)
			res, body := f.ask(t, strings.Replace(login, "Content-Length", "Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length", 1))
			expectRefusal(t, f, res, body)
			if n := f.counted(t, "tokengraft.gate.refused", attribute.String("why", test.why)); n != 1 {
				t.Errorf("%s was counted %d times, want 1", test.why, n)
			}
		})
	}
}

// G8: bytes decide about everything that the rule does not look at.
func TestGate_RefusesTokensThatTheRuleDoesNotName(t *testing.T) {
	for _, test := range []struct{ name, method, answer string }{
		{"another member", "POST", answer("HTTP/1.1 200 OK\nContent-Type: application/json", `{"data":{"jwt":"`+issued+`"}}`)},
		{"JSON in a script", "POST", answer("HTTP/1.1 200 OK\nContent-Type: text/javascript", `callback({"access_token":"`+issued+`"})`)},
		{"JSON after other text", "POST", answer("HTTP/1.1 200 OK", `ok {"access_token":"`+issued+`"}`)},
		{"JSON of an event stream", "POST", answer("HTTP/1.1 200 OK\nContent-Type: text/event-stream", `{"access_token":"`+issued+`"}`)},
		{"XML", "POST", answer("HTTP/1.1 201 Created\nContent-Type: application/xml", "<access_token>"+issued+"</access_token>")},
		{"invalid JSON", "POST", answer("HTTP/1.1 200 OK\nContent-Type: application/json", `{"access_token":"`+issued+`"`)},
		{"a compressed page", "POST", answer("HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Encoding: gzip", gzipped("<p>"+issued))},
		{"a refresh token alone", "POST", answer("HTTP/1.1 200 OK\nContent-Type: application/json", `{"refresh_token":"`+issued+`"}`)},
		{"a redirect", "POST", answer("HTTP/1.1 302 Found\nLocation: https://app/#access_token="+issued, "")},
		{"a cookie", "POST", answer("HTTP/1.1 204 No Content\nSet-Cookie: session="+issued, "")},
		{"a header", "POST", answer("HTTP/1.1 200 OK\nX-Auth: "+issued, "")},
		{"a trailer", "POST", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Token\r\n\r\n2\r\n{}\r\n0\r\nX-Token: " + issued + "\r\n\r\n"},
		{"not modified", "POST", "HTTP/1.1 304 Not Modified\r\nSet-Cookie: session=" + issued + "\r\n\r\n"},
		{"the response to HEAD", "HEAD", "HTTP/1.1 302 Found\r\nLocation: https://app/#access_token=" + issued + "\r\n\r\n"},
		{"the response to HEAD at a location", "HEAD", "HTTP/1.1 200 OK\r\nX-Token: 2YotnFZFEjr1zCsicMWpAA\r\n\r\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, _ := startResponding(t, test.answer, newFakeEnricher(enrich.OK).use(gated(rule(t, "/login", "json:access_token", "header:X-Token"))))
			res, body := f.ask(t, test.method+login[len("POST"):])
			if test.method == "HEAD" {
				if res.StatusCode != 503 || strings.Contains(fmt.Sprint(res.Header), issued) {
					t.Errorf("got %d %q, want 503 without the token", res.StatusCode, res.Header)
				}
				return
			}
			expectRefusal(t, f, res, body)
		})
	}
}

// asBase64 returns a text in base64url.
func asBase64(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// G8: a token leaves no gate in disguise: encoded, in pieces, or next to text of the client.
func TestGate_RefusesTokensInDisguise(t *testing.T) {
	header, rest, _ := strings.Cut(issued, ".")
	payload, signature, _ := strings.Cut(rest, ".")
	session := `{"access_token":"` + issued + `","expires_in":3600}`
	railsMessage := base64.StdEncoding.EncodeToString([]byte(`"` + issued + `"`))
	rails := base64.StdEncoding.EncodeToString([]byte(`{"_rails":{"message":"` + railsMessage + `","exp":null,"pur":"cookie.jwt"}}`))
	start := asBase64(`{"alg":"none"}`) + "." + asBase64(`{"a":1}`) // of a token that ends with the header of another
	lines := base64.StdEncoding.EncodeToString([]byte(session))
	for _, test := range []struct{ name, sends, answer string }{
		{"after a letter", "", answer("HTTP/1.1 200 OK\nContent-Type: text/plain", "token"+issued)},
		{"after text of the client that looks like the first parts of a token", start + "." + header, answer("HTTP/1.1 200 OK\nX-User: "+start+"."+issued, "")},
		{"at the end of the client's state", "https://app/?state=a", answer("HTTP/1.1 302 Found\nLocation: https://app/?state=a?token="+issued, "")},
		{"at the end of the client's state in a fragment", "", answer("HTTP/1.1 302 Found\nLocation: https://app/#state=a#access_token="+issued, "")},
		{"at the end of the state of a form", "", answer("HTTP/1.1 200 OK\nContent-Type: text/html", `<input type=hidden name=state value="a;t=`+issued+`">`)},
		{"the session of Supabase in a cookie", "", answer("HTTP/1.1 200 OK\nSet-Cookie: sb-x-auth-token=base64-"+asBase64(session)+"; Path=/", "")},
		{"its first part", "", answer("HTTP/1.1 200 OK\nSet-Cookie: sb-x-auth-token.0=base64-"+asBase64(session)[:100], "")},
		{"a signed cookie of Rails", "", answer("HTTP/1.1 200 OK\nSet-Cookie: jwt="+url.QueryEscape(rails)+"--0123abcd", "")},
		{"base64 in lines", "", answer("HTTP/1.1 200 OK\nContent-Type: application/json", `{"t":"`+lines[:60]+`\n`+lines[60:]+`\n"}`)},
		{"two cookies, one for the signature", "", answer("HTTP/1.1 200 OK\nSet-Cookie: a="+header+"."+payload+"\nSet-Cookie: b="+signature, "")},
		{"two cookies that the client guesses", header + "." + payload, answer("HTTP/1.1 200 OK\nSet-Cookie: a="+header+"."+payload+"\nSet-Cookie: b="+signature, "")},
		{"three cookies", header, answer("HTTP/1.1 200 OK\nSet-Cookie: a="+header+"\nSet-Cookie: b="+payload+"\nSet-Cookie: c="+signature, "")},
		{"JSON serialization", "", answer("HTTP/1.1 200 OK\nContent-Type: application/json", `{"payload":"`+payload+`","protected":"`+header+`","signature":"`+signature+`"}`)},
		{"escapes of old JavaScript", "", answer("HTTP/1.1 200 OK\nX-Auth: "+strings.Replace(issued, "e", "%u0065", 1), "")},
		{"octal escapes", "", answer("HTTP/1.1 200 OK", strings.ReplaceAll(issued, ".", `\056`))},
		{"HTML without semicolons", "", answer("HTTP/1.1 200 OK\nContent-Type: text/html", strings.Replace(issued, "y", "&#121", 1))},
		{"HTML with leading zeros", "", answer("HTTP/1.1 200 OK\nContent-Type: text/html", strings.ReplaceAll(issued, ".", "&#x000000002e;"))},
		{"HTML with names", "", answer("HTTP/1.1 200 OK\nContent-Type: text/html", strings.ReplaceAll(issued, ".", "&period;"))},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, _ := startResponding(t, test.answer, newFakeEnricher(enrich.OK).use(gated(rule(t, "POST /login", "json:access_token"))))
			res, body := f.ask(t, "POST /login?x="+url.QueryEscape(test.sends)+" HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
			expectRefusal(t, f, res, body)
		})
	}
}

// G8: nothing looks at an early response, so none leaves.
func TestGate_SendsNoEarlyResponse(t *testing.T) {
	text := "HTTP/1.1 103 Early Hints\r\nSet-Cookie: session=" + issued + "\r\n\r\n" + answer("HTTP/1.1 200 OK\nContent-Type: application/json", "{}")
	for _, isGate := range []bool{true, false} {
		r := rule(t, "POST /login", "json:access_token")
		r.Gate = isGate
		f, _ := startResponding(t, text, newFakeEnricher(enrich.OK).use(r))
		w := f.dial(t)
		w.send("POST /login HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
		got, err := io.ReadAll(w)
		if leaves := strings.Contains(string(got), issued); err != nil || leaves == isGate || !strings.HasSuffix(string(got), "{}") {
			t.Errorf("gate %t: got %q, want the early response only without a gate", isGate, got)
		}
	}
}

// G8: the path of an object that gets the claims does not open a gate. Backends decode
// paths later than the proxy.
func TestGate_CoversPathsOfObjects(t *testing.T) {
	for _, path := range []string{"/app/userinfo", "/app/x%2f..%2fuserinfo"} {
		s := newFakeEnricher(enrich.OK).use(gated(rule(t, "POST /app/", "json:access_token")))
		other := s.snapshot
		s.snapshot = func(snapshot *proxy.Snapshot) {
			other(snapshot)
			snapshot.ObjectPaths = []string{"/app/userinfo"}
		}
		f, _ := startResponding(t, answer("HTTP/1.1 200 OK\nContent-Type: application/json", `{"jwt":"`+issued+`"}`), s)
		res, body := f.ask(t, fmt.Sprintf("POST %s HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", path))
		expectRefusal(t, f, res, body)
	}
}
