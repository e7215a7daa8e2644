package discover_test

import (
	"bytes"
	"encoding/base64"
	"flag"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/internal/discover"
)

var update = flag.Bool("update", false, "write what the sessions in testdata give")

// A recorded session is a file with tokens, exchanges, and the configuration that they
// give. $NAME in an exchange is the token of this name.
type recorded struct {
	comment, tokens, session, configuration string
}

const (
	tokensMark, sessionMark, configurationMark = "-- tokens --\n", "-- session --\n", "-- tokengraft.yaml --\n"
)

func openSession(t testing.TB, name string) recorded {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var r recorded
	rest := string(text)
	r.comment, rest, _ = strings.Cut(rest, tokensMark)
	r.tokens, rest, _ = strings.Cut(rest, sessionMark)
	r.session, r.configuration, _ = strings.Cut(rest, configurationMark)
	return r
}

func (r recorded) String() string {
	return r.comment + tokensMark + r.tokens + sessionMark + r.session + configurationMark + r.configuration
}

var reference = regexp.MustCompile(`\$[a-z]+[0-9]*`)

// exchanges returns the exchanges. A line that starts with > is of a request, and one with
// < of its answer. Each has a first line, a header, and after an empty line the body.
func (r recorded) exchanges(t testing.TB) []discover.Exchange {
	t.Helper()
	tokens := map[string]string{}
	for line := range strings.Lines(r.tokens) {
		name, parts, _ := strings.Cut(strings.TrimSpace(line), " ")
		header, payload, ok := strings.Cut(parts, " ")
		if ok {
			tokens["$"+name] = jws(header, payload, name)
		}
	}
	text := reference.ReplaceAllStringFunc(r.session, func(name string) string {
		if tokens[name] == "" {
			t.Fatalf("the session has %s, which is not one of its tokens", name)
		}
		return tokens[name]
	})
	var all []discover.Exchange
	for part := range strings.SplitSeq("\n"+text, "\n> ") {
		if strings.TrimSpace(part) != "" {
			all = append(all, exchangeOf(t, part, len(all)))
		}
	}
	return all
}

func jws(header, payload, signature string) string {
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(header)) + "." + encode([]byte(payload)) + "." + encode([]byte("signature of "+signature))
}

var backendURL = &url.URL{Scheme: "http", Host: "127.0.0.1:9000"}

// exchangeOf parses an exchange: "POST /login", its header and body, and the same of the
// answer after a line with < and the status.
func exchangeOf(t testing.TB, text string, n int) discover.Exchange {
	t.Helper()
	request, answer, ok := strings.Cut(text, "\n< ")
	if !ok {
		t.Fatalf("an exchange without an answer:\n%s", text)
	}
	line, header, body := message(request)
	method, target, _ := strings.Cut(line, " ")
	path, query, _ := strings.Cut(target, "?")
	e := discover.Exchange{Method: method, Path: path, RawQuery: query, RequestHeader: header, HasRequestBody: body != "", At: time.Unix(int64(1_700_000_000+n), 0)}
	if body != "" {
		e.RequestBody = []byte(body)
	}
	line, e.Header, body = message(answer)
	e.Body = []byte(body)
	e.Status, _ = strconv.Atoi(line)
	if e.Status == 0 {
		t.Fatalf("an answer without a status: %q", line)
	}
	return e
}

func message(text string) (line string, header http.Header, body string) {
	head, body, _ := strings.Cut(text, "\n\n")
	line, lines, _ := strings.Cut(head, "\n")
	header = http.Header{}
	for l := range strings.SplitSeq(lines, "\n") {
		if name, value, ok := strings.Cut(l, ": "); ok {
			header.Add(name, value)
		}
	}
	return strings.TrimSpace(line), header, strings.TrimSpace(body)
}

// silent is a backend that has nothing at any path.
type silent struct{}

func (silent) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusNotFound, Body: io.NopCloser(strings.NewReader("")), Request: r}, nil
}

// reportOf returns the report of exchanges with a backend that publishes nothing.
func reportOf(t testing.TB, exchanges []discover.Exchange) discover.Report {
	t.Helper()
	a := discover.Analyze(exchanges)
	return discover.Report{
		Backend:  backendURL,
		Analysis: a,
		Keys:     discover.ProbeKeys(t.Context(), &http.Client{Transport: silent{}}, backendURL, nil, a, exchanges),
		Presets:  discover.FitPresets(exchanges, a),
	}
}

func written(t testing.TB, r discover.Report) string {
	t.Helper()
	var out bytes.Buffer
	if err := discover.Write(&out, r); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// load loads a configuration in a folder that has the file of the placeholder for a public
// key.
func load(t testing.TB, text string) (*config.Config, error) {
	t.Helper()
	dir := t.TempDir()
	name := filepath.Join(dir, "tokengraft.yaml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return config.Load(name, func(name string) (string, bool) {
		value, ok := map[string]string{"JWT_SECRET": "secret", "MONGODB_URI": "mongodb://127.0.0.1:1"}[name]
		return value, ok
	})
}

// Each file in testdata/sessions is a backend.
func TestWrite_MakesAConfigurationOfASession(t *testing.T) {
	names, _ := filepath.Glob("testdata/sessions/*.txt")
	if len(names) == 0 {
		t.Fatal("no sessions in testdata/sessions")
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txt"), func(t *testing.T) {
			r := openSession(t, name)
			got := written(t, reportOf(t, r.exchanges(t)))
			if _, err := load(t, got); err != nil {
				t.Errorf("the configuration of %s has faults: %v\n%s", name, err, got)
			}
			if *update {
				r.configuration = got
				if err := os.WriteFile(name, []byte(r.String()), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if got != r.configuration {
				t.Errorf("%s gives\n%s\nwant\n%s", name, got, r.configuration)
			}
		})
	}
}

// A backend with one path names the route in a parameter, and REST deletes a session.
func TestAnalyze_FindsALogoutWithoutItsWord(t *testing.T) {
	for target, want := range map[string]bool{
		"POST /index.php?rest_route=/jwt/v1/revoke":        true,
		"GET /index.php?r=/site/logout":                    true,
		"GET /index.php?rest_route=/wp/v2/users/me":        false,
		"GET /?return_to=/logout":                          false,
		"GET /?redirect_path=https://h.example/logout":     false,
		"DELETE /tenants/62efedca3587e6e83c0fc675/session": true,
		"POST /session":   false,
		"DELETE /users/1": false,
	} {
		method, rest, _ := strings.Cut(target, " ")
		path, query, _ := strings.Cut(rest, "?")
		a := discover.Analyze([]discover.Exchange{{Method: method, Path: path, RawQuery: query, RequestHeader: http.Header{}, Status: 200, Header: http.Header{}}})
		if got := len(a.Logouts) == 1; got != want {
			t.Errorf("%s is a logout: %v, want %v", target, got, want)
		}
	}
}
