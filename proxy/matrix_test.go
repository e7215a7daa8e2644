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

// places are answers with a token at each kind of location.
var places = []struct{ location, head, body string }{
	{"json:access_token", "200 OK\nContent-Type: application/json", `{ "n":1.0, "access_token" : "TOKEN" }`},
	{"header:X-Token", "200 OK\nX-Token: Bearer TOKEN\nContent-Type: text/plain", "ok"},
	{"cookie:session", "200 OK\nSet-Cookie: a=b\nSet-Cookie: session=TOKEN; Path=/; HttpOnly\nContent-Type: text/plain", "ok"},
	{"fragment:access_token", "302 Found\nLocation: /cb#state=a%20b&access_token=TOKEN&x=\nContent-Type: text/html", `<a href="/cb#access_token=TOKEN">`},
	{"query:token", "303 See Other\nLocation: /cb?x=1;2&token=TOKEN\nContent-Type: text/plain", "see there"},
	{"form:access_token", "200 OK\nContent-Type: text/html", `<form method="post"><input type="hidden" name="access_token" value="TOKEN"/></form>`},
	{"body", "200 OK\nContent-Type: application/jwt", "TOKEN\n"},
}

// versions are how client and backend speak.
var versions = []string{"HTTP/1.0", "HTTP/1.1", "HTTP/2"}

// TestEnriched_EveryPlaceInEveryCodingOverEveryVersion prints the table that it checks:
// with a document the token is enriched and all around it stays; without one
// every byte of the answer stays.
func TestEnriched_EveryPlaceInEveryCodingOverEveryVersion(t *testing.T) {
	var table bytes.Buffer
	tabs := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tabs, "location\tcoding\t"+strings.Join(versions, "\t"))
	for _, place := range places {
		for _, coding := range codings {
			fmt.Fprintf(tabs, "%s\t%s", place.location, coding.name)
			for _, version := range versions {
				say := func(token string) string {
					status := version
					if version == "HTTP/2" {
						status = "HTTP/1.1"
					}
					head := strings.ReplaceAll(place.head, "TOKEN", token) + "\nContent-Encoding: " + coding.header
					return answer(status+" "+head, compress(t, coding.writer, strings.ReplaceAll(place.body, "TOKEN", token)))
				}
				s := setup{rules: []proxy.Rule{rule(t, "POST /login", place.location)}}
				fmt.Fprintf(tabs, "\t%s, %s", enrichedOver(t, version, s, say, place.body), sameOver(t, version, s, say))
			}
			fmt.Fprintln(tabs)
		}
	}
	tabs.Flush()
	t.Logf("\n%s", table.String())
	if strings.Contains(table.String(), "WRONG") {
		t.Error("something is WRONG in the table")
	}
}

// enrichedOver reports whether the token of the answer is enriched and the
// body otherwise as the backend wrote it.
func enrichedOver(t *testing.T, version string, s setup, say func(string) string, body string) string {
	f, original := startIssuing(t, s, say)
	defer f.Close()
	res, got := f.askOver(t, version)
	all := fmt.Sprint(res.Header) + got
	if strings.Contains(all, original) || !f.isEnriched(t, findToken(t, all)) {
		return "WRONG: not enriched"
	}
	if plain := strings.ReplaceAll(body, "TOKEN", findToken(t, all)); strings.Contains(body, "TOKEN") && got != plain {
		return "WRONG: " + got
	}
	return "enriched"
}

// sameOver reports whether an answer in which nothing is enriched is the
// backend's, byte for byte.
func sameOver(t *testing.T, version string, s setup, say func(string) string) string {
	s.source = sourceFunc(func(_ context.Context, _ enrich.Query) (enrich.Document, error) {
		return enrich.Document{}, enrich.ErrNoDocument
	})
	f, original := startIssuing(t, s, say)
	defer f.Close()
	res, got := f.askOver(t, version)
	_, want, _ := strings.Cut(say(original), "\r\n\r\n")
	if got != want || !strings.Contains(say(original), "Content-Encoding: "+res.Header.Get("Content-Encoding")) {
		return "WRONG: other bytes"
	}
	return "else same"
}

// askOver sends the login over a version of HTTP and returns the answer as it
// came, neither unpacked nor followed.
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
		t.Fatalf("%s, %v", res.Proto, err)
	}
	return res, string(body)
}

// B2, A7: a login that answers 204 has cookies all the same.
func TestEnriched_CookieWithoutABody(t *testing.T) {
	f, _ := startIssuing(t, setup{rules: []proxy.Rule{rule(t, "POST /login", "cookie:session")}}, func(token string) string {
		return "HTTP/1.1 204 No Content\r\nSet-Cookie: session=" + token + "; Path=/\r\n\r\n"
	})
	res, _ := f.ask(t, login)
	if token := findToken(t, res.Header.Get("Set-Cookie")); res.StatusCode != 204 || !f.isEnriched(t, token) || res.Header["Content-Length"] != nil {
		t.Errorf("%d %q", res.StatusCode, res.Header)
	}
}
