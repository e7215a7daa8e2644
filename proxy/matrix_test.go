package proxy_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy"
)

// places are responses with a token at each kind of location.
var places = []struct{ location, head, body string }{
	{"json:access_token", "200 OK\nContent-Type: application/json", `{ "n":1.0, "access_token" : "TOKEN" }`},
	{"header:X-Token", "200 OK\nX-Token: Bearer TOKEN\nContent-Type: text/plain", "ok"},
	{"cookie:session", "200 OK\nSet-Cookie: a=b\nSet-Cookie: session=TOKEN; Path=/; HttpOnly\nContent-Type: text/plain", "ok"},
	{"fragment:access_token", "302 Found\nLocation: /cb#state=a%20b&access_token=TOKEN&x=\nContent-Type: text/html", `<a href="/cb#access_token=TOKEN">`},
	{"query:token", "303 See Other\nLocation: /cb?x=1;2&token=TOKEN\nContent-Type: text/plain", "see there"},
	{"form:access_token", "200 OK\nContent-Type: text/html", `<form method="post"><input type="hidden" name="access_token" value="TOKEN"/></form>`},
	{"body", "200 OK\nContent-Type: application/jwt", "TOKEN\n"},
}

// versions are the versions of HTTP that the client uses.
var versions = []string{"HTTP/1.0", "HTTP/1.1", "HTTP/2"}

// TestEnriched_AtEveryPlaceInEveryCodingOverEveryVersion prints a table of what it checks.
// If the user has a document, the token is enriched and everything around it stays.
// Otherwise every byte of the response stays.
func TestEnriched_AtEveryPlaceInEveryCodingOverEveryVersion(t *testing.T) {
	var table bytes.Buffer
	tabs := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tabs, "location\tcoding\t"+strings.Join(versions, "\t"))
	for _, place := range places {
		for _, coding := range codings {
			fmt.Fprintf(tabs, "%s\t%s", place.location, coding.name)
			for _, version := range versions {
				respond := func(token string) string {
					status := version
					if version == "HTTP/2" {
						status = "HTTP/1.1"
					}
					head := strings.ReplaceAll(place.head, "TOKEN", token) + "\nContent-Encoding: " + coding.header
					return answer(status+" "+head, compress(t, coding.writer, strings.ReplaceAll(place.body, "TOKEN", token)))
				}
				s := setup{rules: []proxy.Rule{rule(t, "POST /login", place.location)}}
				fmt.Fprintf(tabs, "\t%s, %s", enrichedOver(t, version, s, respond, place.body), sameOver(t, version, s, respond))
			}
			fmt.Fprintln(tabs)
		}
	}
	tabs.Flush()
	t.Logf("\n%s", table.String())
	if strings.Contains(table.String(), "WRONG") {
		t.Errorf("want no WRONG in the table:\n%s", table.String())
	}
}

// enrichedOver returns "enriched" if the token of the response is enriched and the rest of
// the body is unchanged. Otherwise it returns WRONG and why.
func enrichedOver(t *testing.T, version string, s setup, respond func(string) string, body string) string {
	f, original := startIssuing(t, s, respond)
	defer f.Close()
	res, got := f.askOver(t, version)
	all := fmt.Sprint(res.Header) + got
	if strings.Contains(all, original) || !f.isEnriched(t, findToken(t, all)) {
		return "WRONG: not enriched"
	}
	if plain := strings.ReplaceAll(body, "TOKEN", findToken(t, all)); strings.Contains(body, "TOKEN") && got != plain {
		return "WRONG: body " + got
	}
	return "enriched"
}

// sameOver returns "else same" if a response without a document has the same bytes as the
// backend's. Otherwise it returns WRONG and why.
func sameOver(t *testing.T, version string, s setup, respond func(string) string) string {
	s.source = sourceFunc(func(_ context.Context, _ enrich.Query) (enrich.Document, error) {
		return enrich.Document{}, enrich.ErrNoDocument
	})
	f, original := startIssuing(t, s, respond)
	defer f.Close()
	res, got := f.askOver(t, version)
	_, want, _ := strings.Cut(respond(original), "\r\n\r\n")
	if got != want || !strings.Contains(respond(original), "Content-Encoding: "+res.Header.Get("Content-Encoding")) {
		return "WRONG: other bytes"
	}
	return "else same"
}

// askOver sends the login over a version of HTTP. It returns the response without
// decompressing it or following a redirect.
func (f *fixture) askOver(t *testing.T, version string) (*http.Response, string) {
	t.Helper()
	if version != "HTTP/2" {
		return f.ask(t, strings.Replace(login, "HTTP/1.1", version, 1))
	}
	transport := &http.Transport{DisableCompression: true, Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	defer transport.CloseIdleConnections()
	request, err := http.NewRequest(http.MethodPost, f.URL+"/login", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.ProtoMajor != 2 {
		t.Fatalf("got a response over %s, %v; want HTTP/2", res.Proto, err)
	}
	return res, string(body)
}

// B2, A7: a login can answer 204 with a token in a cookie.
func TestEnriched_CookieOfAResponseWithoutABody(t *testing.T) {
	f, _ := startIssuing(t, setup{rules: []proxy.Rule{rule(t, "POST /login", "cookie:session")}}, func(token string) string {
		return "HTTP/1.1 204 No Content\r\nSet-Cookie: session=" + token + "; Path=/\r\n\r\n"
	})
	res, _ := f.ask(t, login)
	if token := findToken(t, res.Header.Get("Set-Cookie")); res.StatusCode != 204 || !f.isEnriched(t, token) || res.Header["Content-Length"] != nil {
		t.Errorf("got %d, header %q; want 204, an enriched cookie and no Content-Length", res.StatusCode, res.Header)
	}
}
