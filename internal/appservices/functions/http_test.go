package functions_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/appservices/functions"
)

// echo starts a server whose response describes the request.
func echo(t *testing.T) *httptest.Server {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, "http://169.254.169.254/secret", http.StatusFound)
			return
		case "/here":
			http.Redirect(w, r, "/there", http.StatusFound)
			return
		case "/large":
			io.Copy(w, strings.NewReader(strings.Repeat("x", 5<<20)))
			return
		}
		body, _ := io.ReadAll(r.Body)
		w.Header()["X-Twice"] = []string{"a", "b"}
		w.WriteHeader(http.StatusAccepted)
		kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
		fmt.Fprintf(w, "%s %s %q %s %s", r.Method, r.URL.RequestURI(), r.Header["X-Key"], kind, body)
	}))
	t.Cleanup(server.Close)
	return server
}

func TestHTTP_ReturnsWhatAppServicesReturned(t *testing.T) {
	server := echo(t)
	host := strings.TrimPrefix(server.URL, "http://")
	for _, tt := range []struct{ call, want string }{
		{`get({url: URL + "/a?b=c", headers: {"X-Key": ["1", "2"]}})`, `202 ["a","b"] GET /a?b=c ["1" "2"]`},
		{`get({scheme: "http", host: HOST, path: "/a", query: {b: ["c"]}})`, `202 ["a","b"] GET /a?b=c []`},
		{`post({url: URL, body: {a: 1, b: "x"}, encodeBodyAsJSON: true})`, `202 ["a","b"] POST / [] application/json {"a":{"$numberLong":"1"},"b":"x"}`},
		{`put({url: URL, body: "text", headers: {"Content-Type": ["text/plain"]}})`, `202 ["a","b"] PUT / [] text/plain text`},
		{`patch({url: URL, body: BSON.Binary.fromHex("6869")})`, `202 ["a","b"] PATCH / []  hi`},
		{`delete({url: URL + "/x"})`, `202 ["a","b"] DELETE /x []`},
		{`head({url: URL})`, `202 ["a","b"]`},
		{`get({url: URL + "/here", followRedirects: true})`, `202 ["a","b"] GET /there []`},
	} {
		app := open(t, `exports = async () => {
	const URL = "`+server.URL+`", HOST = "`+host+`";
	const r = await context.http.`+tt.call+`;
	return [r.statusCode, JSON.stringify(r.headers["X-Twice"]), r.body.text()].join(" ").trim();
}`, func(o *functions.Options) { o.Hosts, o.Timeout = []string{host}, functions.MaxTimeout })
		got, err := call(t, app)
		var text string
		_ = json.Unmarshal([]byte(got), &text)
		if err != nil || text != tt.want {
			t.Errorf("%s: got %s, %v; want %s", tt.call, text, err, tt.want)
			explain(t, err)
		}
	}
}

func TestHTTP_ReachesOnlyListedHosts(t *testing.T) {
	server := echo(t)
	host := strings.TrimPrefix(server.URL, "http://")
	for _, tt := range []struct {
		name, url string
		hosts     []string
		want      string
	}{
		{"no host by default", server.URL, nil, "is not allowed to reach this host"},
		{"another host", "http://localhost/?key=secret", []string{host}, "is not allowed to reach this host"},
		{"another port", "http://127.0.0.1:1/?key=secret", []string{host}, "is not allowed to reach this host"},
		{"a redirect to another host", server.URL + "/away", []string{host}, "is not allowed to reach this host"},
		{"a host in the user part", "http://" + host + "@localhost/?key=secret", []string{host}, "is not allowed to reach this host"},
		{"a file", "file:///etc/passwd", []string{"*"}, "http or https"},
		{"an unreachable host", "http://127.0.0.1:1/?key=secret", []string{"*"}, "GET 127.0.0.1:1: no response"},
		{"a response that is too large", server.URL + "/large", []string{host}, "4 MiB"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			app := open(t, `exports = () => context.http.get({url: "`+tt.url+`", followRedirects: true})`,
				func(o *functions.Options) { o.Hosts, o.Timeout = tt.hosts, functions.MaxTimeout })
			_, err := call(t, app)
			var e *functions.Error
			if !errors.As(err, &e) || !strings.Contains(e.Message, tt.want) || strings.Contains(e.Message, "secret") {
				t.Errorf("got %v, want a message with %q and without the secret", err, tt.want)
				explain(t, err)
			}
		})
	}
}

func TestHTTP_ReturnsARedirectUnlessAskedToFollow(t *testing.T) {
	server := echo(t)
	app := open(t, `exports = async () => (await context.http.get({url: "`+server.URL+`/here"})).statusCode`,
		func(o *functions.Options) { o.Hosts, o.Timeout = []string{"*"}, functions.MaxTimeout })
	if got, err := call(t, app); err != nil || got != `{"$numberLong":"302"}` {
		t.Errorf("got %s, %v; want 302", got, err)
	}
}
