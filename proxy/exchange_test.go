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

// aToken matches a token. For a refresh token the match includes its name, so the match is
// not a token and stays unchanged.
var aToken = regexp.MustCompile(`(?:refresh_token\W+)?\beyJ[\w-]+\.[\w-]+\.[\w-]+`)

// withEnriched returns the request with its tokens replaced by enriched ones, because a
// client behind the proxy only has those. Refresh tokens and tokens that the backend did
// not sign stay unchanged.
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

// checkRequest checks that the backend got the captured request. Only X-Forwarded-*,
// Connection and Accept-Encoding may differ.
func (r *replay) checkRequest(t *testing.T, want *http.Request, c capture) {
	t.Helper()
	all := r.backend.Requests()
	last := all[len(all)-1]
	got, gotBody := readRequest(t, last.Line+"\r\n"+strings.Join(last.Header, "\r\n")+"\r\n\r\n"+last.Body)
	_, wantBody := readRequest(t, c.request)
	want.Header.Del("Connection") // of the client's own connection
	for name, value := range map[string]string{"For": "127.0.0.1", "Host": want.Host, "Proto": "http"} {
		want.Header.Set("X-Forwarded-"+name, value)
	}
	if pattern := want.Method + " " + want.URL.Path; !r.shadow && (pattern == r.tokenEndpoint || pattern == r.authorizationEndpoint) {
		want.Header.Set("Accept-Encoding", "identity")
	}
	if line, _, _ := strings.Cut(c.request, "\r\n"); last.Line != line {
		t.Errorf("the backend got  %q\nwant             %q", last.Line, line)
	}
	if got.Host != want.Host || !reflect.DeepEqual(got.Header, want.Header) {
		t.Errorf("the backend got  host %s, header %q\nwant             host %s, header %q", got.Host, got.Header, want.Host, want.Header)
	}
	if gotBody != wantBody {
		t.Errorf("the backend got body  %q\nwant                  %q", gotBody, wantBody)
	}
}

// checkResponse checks that the client got the backend's response, and that only tokens
// and the Content-Length differ. It returns the number of enriched tokens.
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
		t.Errorf("outside the tokens the client got\n%q\nwant\n%q", got, want)
	}
	if got.StatusCode != sent.StatusCode || got.ContentLength != int64(len(gotBody)) {
		t.Errorf("got %s with Content-Length %d, want %s with %d", got.Status, got.ContentLength, sent.Status, len(gotBody))
	}
	for original, enriched := range tokens {
		r.checkEnriched(t, original, enriched, tokens)
	}
	return len(tokens)
}

// flat returns a response as one text: the header sorted by name without Content-Length,
// and the body.
func flat(res *http.Response, body string) string {
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(res.Header)) {
		if name != "Content-Length" {
			fmt.Fprintf(&text, "%s: %q\n", name, res.Header[name])
		}
	}
	return text.String() + "\n" + body
}

// pairs returns the enriched tokens by their originals. It fails the test if an original
// became two different tokens.
func pairs(t *testing.T, before, after []string) map[string]string {
	t.Helper()
	if len(before) != len(after) {
		t.Fatalf("the client got %d tokens, want %d", len(after), len(before))
	}
	became, tokens := map[string]string{}, map[string]string{}
	for i, original := range before {
		if other, known := became[original]; known && other != after[i] {
			t.Errorf("the original %s became two tokens:\n%s\n%s", original, other, after[i])
		}
		became[original] = after[i]
		if after[i] != original {
			tokens[original] = after[i]
		}
	}
	return tokens
}
