package proxy_test

import (
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
)

// aToken matches a token. What introduces a refresh token is part of the match,
// which makes that no token: it is never swapped.
var aToken = regexp.MustCompile(`(?:refresh_token\W+)?\beyJ[\w-]+\.[\w-]+\.[\w-]+`)

// withEnriched returns the request with enriched tokens for the captured ones,
// as a client sends it that never saw any other. What the backend never signed
// stays, and so do refresh tokens.
func (r *replay) withEnriched(t *testing.T, request string) string {
	head, body, _ := strings.Cut(request, "\r\n\r\n")
	swap := func(text string) string {
		return aToken.ReplaceAllStringFunc(text, func(token string) string {
			return r.enricher.Enrich(t.Context(), enrich.Grant{
				Answered: time.Now(), Tokens: []enrich.Issued{{Raw: token, Kind: enrich.Access, Budget: 6 << 10}},
			})[0].Raw
		})
	}
	swapped := swap(body)
	length := func(n int) string { return fmt.Sprintf("Content-Length: %d", n) }
	head = strings.Replace(swap(head), length(len(body)), length(len(swapped)), 1)
	return head + "\r\n\r\n" + swapped
}

// checkRequest compares what the backend saw with what it saw when the capture
// was made. Between them is a proxy now, and it says so.
func (r *replay) checkRequest(t *testing.T, want *http.Request, c capture) {
	t.Helper()
	all := r.backend.Requests()
	saw := all[len(all)-1]
	got, gotBody := readRequest(t, saw.Line+"\r\n"+strings.Join(saw.Header, "\r\n")+"\r\n\r\n"+saw.Body)
	_, wantBody := readRequest(t, c.request)
	want.Header.Del("Connection") // of the client's own connection
	for name, value := range map[string]string{"For": "127.0.0.1", "Host": want.Host, "Proto": "http"} {
		want.Header.Set("X-Forwarded-"+name, value)
	}
	if pattern := want.Method + " " + want.URL.Path; !r.shadow && (pattern == r.tokenEndpoint || pattern == r.authorizationEndpoint) {
		want.Header.Set("Accept-Encoding", "identity")
	}
	if line, _, _ := strings.Cut(c.request, "\r\n"); saw.Line != line {
		t.Errorf("the backend saw %q\nwant             %q", saw.Line, line)
	}
	if got.Host != want.Host || !reflect.DeepEqual(got.Header, want.Header) {
		t.Errorf("the backend saw header %q of %s\nwant                    %q of %s", got.Header, got.Host, want.Header, want.Host)
	}
	if gotBody != wantBody {
		t.Errorf("the backend saw body %q\nwant                  %q", gotBody, wantBody)
	}
}

// checkResponse compares what the client got with what the backend sent: the
// same, or the same but for the tokens and the length. It returns how many tokens
// are enriched.
func (r *replay) checkResponse(t *testing.T, c capture, got *http.Response, gotBody string) (enriched int) {
	t.Helper()
	sent, saidBody := c.readResponse(t)
	before, after := flat(sent, saidBody), flat(got, gotBody)
	tokens := pairs(t, aToken.FindAllString(before, -1), aToken.FindAllString(after, -1))
	if len(tokens) == 0 {
		method, _, _ := strings.Cut(c.request, " ")
		sameResponse(t, method, c.response, got, gotBody)
		return 0
	}
	if got, want := aToken.ReplaceAllString(after, "TOKEN"), aToken.ReplaceAllString(before, "TOKEN"); got != want {
		t.Errorf("around the tokens the client got\n%q\nwant\n%q", got, want)
	}
	if got.StatusCode != sent.StatusCode || got.ContentLength != int64(len(gotBody)) {
		t.Errorf("got %s with a length of %d for %d bytes, want %s", got.Status, got.ContentLength, len(gotBody), sent.Status)
	}
	for original, enriched := range tokens {
		r.checkEnriched(t, original, enriched, tokens)
	}
	return len(tokens)
}

// flat is a response as one text: its header, which has no order, without the
// length, and its body.
func flat(res *http.Response, body string) string {
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(res.Header)) {
		if name != "Content-Length" {
			fmt.Fprintf(&text, "%s: %q\n", name, res.Header[name])
		}
	}
	return text.String() + "\n" + body
}

// pairs returns the enriched tokens by their originals. One that became two is a
// fault.
func pairs(t *testing.T, before, after []string) map[string]string {
	t.Helper()
	if len(before) != len(after) {
		t.Fatalf("the client got %d tokens, want %d", len(after), len(before))
	}
	became, tokens := map[string]string{}, map[string]string{}
	for i, original := range before {
		if other, known := became[original]; known && other != after[i] {
			t.Error("one original became two tokens")
		}
		became[original] = after[i]
		if after[i] != original {
			tokens[original] = after[i]
		}
	}
	return tokens
}
