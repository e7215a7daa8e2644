package attack_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
)

// secret is a part of all texts that must not be logged: user ids, documents, the admin
// token, query strings.
const secret = "hush"

// secrets matches texts that no log, metric, span or error may contain: the secrets of
// this suite, the start of a token, and any text as long as a part of a token. It
// allows the thumbprint of a key, which has 43 characters and may have eyJ among them, and
// eyJ alone, which may be in the bytes of a span's time.
var secrets = regexp.MustCompile(secret + `|(?:^|[^A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{6}|` + regexp.QuoteMeta(enrichtest.Secret) + `|[A-Za-z0-9_-]{44,}`)

// look searches a text for secrets.
func (s *suite) look(where string, text []byte) {
	if found := secrets.FindIndex(text); found != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.leaks = append(s.leaks, fmt.Sprintf("%s contains %q in %q", where, text[found[0]:found[1]], text[max(0, found[0]-200):min(len(text), found[1]+100)]))
	}
}

// collect receives what the sidecar exports over OTLP.
func (s *suite) collect(_ http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.look("an export to "+r.URL.Path, body)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.exported += len(body)
}

// checkLeaks checks that logs and exports were searched, and that no secret was found.
func (s *suite) checkLeaks(t *testing.T) {
	s.mu.Lock()
	for _, leak := range s.leaks[:min(len(s.leaks), 20)] {
		t.Error(leak)
	}
	if s.exported == 0 || s.logged == 0 {
		t.Errorf("searched %d bytes of exports and %d lines of the log, want some of both", s.exported, s.logged)
	}
	happens := fmt.Sprintf("%d secrets in %d log lines and %d KiB of exports", len(s.leaks), s.logged, s.exported>>10)
	s.mu.Unlock()
	s.report(kind{"secrets in logs, spans, metrics, errors", "security.md"}, "all of the above, with LOG_LEVEL=debug and traces", happens)
}

// longestLine is the length of the longest line that an attacker may cause, in bytes.
const longestLine = 8 << 10

// testDirs matches the directories of tests, whose names are long. The log names the files
// of the configuration.
var testDirs = regexp.MustCompile(regexp.QuoteMeta(os.TempDir()) + `/Test[^/"]*/`)

// lookAtLog checks a line of a sidecar's log.
func (s *suite) lookAtLog(line []byte) {
	s.look("the log", testDirs.ReplaceAll(line, nil))
	var record struct{ Level, Msg string }
	valid := json.Unmarshal(line, &record) == nil && len(line) <= longestLine && bytes.Count(line, []byte("\n")) == 1
	s.mu.Lock()
	defer s.mu.Unlock()
	s.logged++
	if !valid {
		s.leaks = append(s.leaks, fmt.Sprintf("the log contains %d bytes that are not one line of JSON, or are too long: %.300s", len(line), line))
	}
}

// A secretRow is a request with a secret in one of its parts. The suite searches the
// log and the traces for it.
type secretRow struct{ sends, text string }

var secretRequest = kind{"secrets in requests", "security.md"}

var unsigned = forge(`{"alg":"none"}`, "{}", bytesOf(""))

var secretRows = []secretRow{
	{"a token as the method", unsigned + " /secret-method HTTP/1.1\r\nHost: h\r\n"},
	{"a token in the path", "GET /" + unsigned + "/short HTTP/1.1\r\nHost: h\r\n"},
	{"a token in the query", "GET /a?token=" + unsigned + " HTTP/1.1\r\nHost: h\r\n"},
	{"a token as the Host", "GET /a HTTP/1.1\r\nHost: " + unsigned + "\r\n"},
	{"a forged log line in the path", "GET /a%0a%22level%22:%22ERROR%22 HTTP/1.1\r\nHost: h\r\n"},
	{"a token as the name of a header", "GET /a HTTP/1.1\r\nHost: h\r\n" + unsigned + ": x\r\n"},
	{"a token as the trace context", "GET /a HTTP/1.1\r\nHost: h\r\nTraceparent: " + unsigned + "\r\nTracestate: a=" + unsigned + "\r\nBaggage: user=" + anna + "\r\n"},
	{"a token as User-Agent, Referer and request id", "GET /a HTTP/1.1\r\nHost: h\r\nUser-Agent: " + unsigned + "\r\nReferer: http://x/?" + unsigned + "\r\nX-Request-Id: " + unsigned + "\r\n"},
	{"a token in a broken header line", "GET /a HTTP/1.1\r\nHost: h\r\nBroken " + unsigned + "\r\n"},
	{"a token after the HTTP version", "GET /a HTTP/1.1 " + unsigned + "\r\nHost: h\r\n"},
	{"a token as the request target", "GET " + unsigned + " HTTP/1.1\r\nHost: h\r\n"},
	{"a token as the password in the request target", "GET http://" + anna + ":" + unsigned + "@h/a HTTP/1.1\r\nHost: h\r\n"},
}
