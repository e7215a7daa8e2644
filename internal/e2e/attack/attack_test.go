package attack_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

var wholeFloods = flag.Bool("floods", false, "attack with floods of full size: minutes instead of seconds (make attacks)")

func TestMain(m *testing.M) { e2e.Main(m) }

// flood is how many of something a flood has.
func flood(short, whole int) int {
	if *wholeFloods {
		return whole
	}
	return short
}

// TestAttacks attacks the sidecar at its listeners as an attacker would, and
// fails where the outcome is another than the table says that it prints. It all
// happens with debug logs and traces on, in which nothing secret may stand.
func TestAttacks(t *testing.T) {
	t.Setenv("LOG_LEVEL", "debug")
	t.Setenv("LOG_FORMAT", "json")
	s := &suite{}
	collector := httptest.NewServer(http.HandlerFunc(s.collect))
	defer collector.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)

	t.Run("floods", func(t *testing.T) { attackWithFloods(t, s) }) // alone, for it measures memory
	t.Run("others", func(t *testing.T) { s.attackAtOnce(t) })
	s.checkWhatWasTold(t)
	t.Logf("the attacks\n%s", s.table())
}

// attackAtOnce runs what does not mind company.
func (s *suite) attackAtOnce(t *testing.T) {
	for _, group := range []struct {
		name   string
		attack func(*testing.T, *suite)
	}{
		{"tokens", attackWithTokens},
		{"keys", attackWithKeys},
		{"restore", attackRestore},
		{"users", attackAsUsers},
		{"documents", attackWithDocuments},
		{"framing", attackFraming},
		{"headers", attackWithHeaders},
		{"paths", attackWithPaths},
		{"admin", attackAdmin},
		{"slowness", attackSlowly},
	} {
		t.Run(group.name, func(t *testing.T) {
			t.Parallel()
			group.attack(t, s)
		})
	}
}

// A suite is all attacks of one run.
type suite struct {
	mu       sync.Mutex
	rows     []row
	leaks    []string
	exported int // bytes of spans and metrics
	logged   int // lines
}

// A row of the table that is printed.
type row struct{ attack, sends, happens, law string }

func (s *suite) report(r row) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows = append(s.rows, r)
}

func (s *suite) table() string {
	first := map[string]int{}
	for i, r := range s.rows {
		if _, seen := first[r.attack]; !seen {
			first[r.attack] = i
		}
	}
	slices.SortStableFunc(s.rows, func(a, b row) int { return first[a.attack] - first[b.attack] })
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 1, ' ', tabwriter.Debug)
	fmt.Fprintln(w, "attack\t the attacker sends\t what happens\t law")
	for _, r := range s.rows {
		fmt.Fprintf(w, "%s\t %s\t %s\t %s\n", r.attack, r.sends, r.happens, r.law)
	}
	w.Flush()
	return text.String()
}

// secret is in whatever nobody may learn: user ids, documents, the admin token,
// query strings.
const secret = "hush"

// secrets finds what no log, metric, span or error may have in it: our secrets,
// and how tokens begin, and anything as long as a part of one. The thumbprint of
// a key has 43 characters; the bytes of a span's clock may spell eyJ alone.
var secrets = regexp.MustCompile(secret + `|eyJ[A-Za-z0-9_-]{6}|` + regexp.QuoteMeta(enrichtest.Secret) + `|[A-Za-z0-9_-]{44,}`)

// look notes what of a text should not be in it.
func (s *suite) look(where string, text []byte) {
	if found := secrets.FindIndex(text); found != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.leaks = append(s.leaks, fmt.Sprintf("%s tells %q in %q", where, text[found[0]:found[1]], text[max(0, found[0]-200):min(len(text), found[1]+100)]))
	}
}

// collect takes what is exported by OTLP.
func (s *suite) collect(_ http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.look("an export to "+r.URL.Path, body)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.exported += len(body)
}

func (s *suite) checkWhatWasTold(t *testing.T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, leak := range s.leaks[:min(len(s.leaks), 20)] {
		t.Error(leak)
	}
	if s.exported == 0 || s.logged == 0 {
		t.Errorf("%d bytes were exported and %d lines logged: nothing was looked at", s.exported, s.logged)
	}
	s.rows = append(s.rows, row{"secrets in logs, spans, metrics, errors", "all of the above, at LOG_LEVEL=debug, traced", fmt.Sprintf("%d of them in %d log lines and %d KiB of exports", len(s.leaks), s.logged, s.exported>>10), "style 9"})
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
