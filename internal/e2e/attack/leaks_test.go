package attack_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
)

// secret is part of everything that no log may have: user ids, documents, the
// admin token, query strings.
const secret = "hush"

// secrets finds what no log, metric, span or error may have in it: our secrets,
// and how tokens begin, and anything as long as a part of one. The thumbprint of
// a key has 43 characters; the bytes of a span's clock may spell eyJ alone.
var secrets = regexp.MustCompile(secret + `|eyJ[A-Za-z0-9_-]{6}|` + regexp.QuoteMeta(enrichtest.Secret) + `|[A-Za-z0-9_-]{44,}`)

// look searches a text for secrets.
func (s *suite) look(where string, text []byte) {
	if found := secrets.FindIndex(text); found != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.leaks = append(s.leaks, fmt.Sprintf("%s has %q in %q", where, text[found[0]:found[1]], text[max(0, found[0]-200):min(len(text), found[1]+100)]))
	}
}

// collect takes what the sidecar exports by OTLP.
func (s *suite) collect(_ http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.look("an export to "+r.URL.Path, body)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.exported += len(body)
}

// checkLeaks checks that something was searched, and nothing found.
func (s *suite) checkLeaks(t *testing.T) {
	s.mu.Lock()
	for _, leak := range s.leaks[:min(len(s.leaks), 20)] {
		t.Error(leak)
	}
	if s.exported == 0 || s.logged == 0 {
		t.Errorf("%d bytes were exported and %d lines logged, want some of both to search", s.exported, s.logged)
	}
	happens := fmt.Sprintf("%d of them in %d log lines and %d KiB of exports", len(s.leaks), s.logged, s.exported>>10)
	s.mu.Unlock()
	s.report(kind{"secrets in logs, spans, metrics, errors", "style 9"}, "all of the above, at LOG_LEVEL=debug, traced", happens)
}

// longestLine bounds what an attacker can make the sidecar log at once.
const longestLine = 8 << 10

// lookAtLog takes a line of a sidecar's log.
func (s *suite) lookAtLog(line []byte) {
	s.look("the log", line)
	var record struct{ Level, Msg string }
	valid := json.Unmarshal(line, &record) == nil && len(line) <= longestLine && bytes.Count(line, []byte("\n")) == 1
	s.mu.Lock()
	defer s.mu.Unlock()
	s.logged++
	if !valid {
		s.leaks = append(s.leaks, fmt.Sprintf("the log has %d bytes that are not one line of JSON, or too long: %.300s", len(line), line))
	}
}

// A secretRow is a request with a secret in one of its parts. The suite searches
// what is logged and traced of it.
type secretRow struct{ sends, text string }

var secretRequest = kind{"secrets in requests", "style 9"}

var unsigned = forge(`{"alg":"none"}`, "{}", bytesOf(""))

var secretRows = []secretRow{
	{"a token as method", unsigned + " /secret-method HTTP/1.1\r\nHost: h\r\n"},
	{"a token in the path", "GET /" + unsigned + "/short HTTP/1.1\r\nHost: h\r\n"},
	{"a token in the query", "GET /a?token=" + unsigned + " HTTP/1.1\r\nHost: h\r\n"},
	{"a token as Host", "GET /a HTTP/1.1\r\nHost: " + unsigned + "\r\n"},
	{"a line of the log in the path", "GET /a%0a%22level%22:%22ERROR%22 HTTP/1.1\r\nHost: h\r\n"},
	{"a token as the name of a header", "GET /a HTTP/1.1\r\nHost: h\r\n" + unsigned + ": x\r\n"},
	{"a token as trace context", "GET /a HTTP/1.1\r\nHost: h\r\nTraceparent: " + unsigned + "\r\nTracestate: a=" + unsigned + "\r\nBaggage: user=" + anna + "\r\n"},
	{"a token as User-Agent, Referer and request id", "GET /a HTTP/1.1\r\nHost: h\r\nUser-Agent: " + unsigned + "\r\nReferer: http://x/?" + unsigned + "\r\nX-Request-Id: " + unsigned + "\r\n"},
	{"a token in a broken header line", "GET /a HTTP/1.1\r\nHost: h\r\nBroken " + unsigned + "\r\n"},
	{"a token behind the version", "GET /a HTTP/1.1 " + unsigned + "\r\nHost: h\r\n"},
	{"a token as request target", "GET " + unsigned + " HTTP/1.1\r\nHost: h\r\n"},
	{"a token as password of the target", "GET http://" + anna + ":" + unsigned + "@h/a HTTP/1.1\r\nHost: h\r\n"},
}
