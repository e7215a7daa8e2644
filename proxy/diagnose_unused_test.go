package proxy_test

import (
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokengraft/tokengraft/proxy"
)

const (
	noneUsed = "no rule with tokens has matched a request yet"
	someUsed = "some rules have matched no request yet"
)

// watched is a proxy whose requests are only noted.
type watched struct {
	*proxy.Proxy
	log logSink
}

func newWatched(t *testing.T, rules ...proxy.Rule) *watched {
	t.Helper()
	w := &watched{}
	var err error
	w.Proxy, err = proxy.New(proxy.Options{
		Backend: &url.URL{Scheme: "http", Host: "backend"},
		Logger:  slog.New(slog.NewTextHandler(&w.log, nil)),
	}, w.snapshot(t, rules...))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *watched) snapshot(t *testing.T, rules ...proxy.Rule) *proxy.Snapshot {
	t.Helper()
	rs, err := proxy.NewRules(rules)
	if err != nil {
		t.Fatal(err)
	}
	return &proxy.Snapshot{Rules: rs, Enricher: newFakeEnricher("")}
}

// ask notes requests such as "POST /api/login 200".
func (w *watched) ask(n int, requests ...string) {
	for range n {
		for _, text := range requests {
			var method, path string
			var status int
			fmt.Sscan(text, &method, &path, &status)
			proxy.Note(w.Proxy, method, path, status)
		}
	}
}

func preset(r proxy.Rule) proxy.Rule {
	r.Group = "the preset supabase"
	return r
}

// The user sees the wrong path next to the right one.
func TestUnused_NamesRulesThatMatchNothingAndWhatCame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		restore := proxy.Rule{Pattern: "POST /logout", Restore: locations(t, "json:token")}
		w := newWatched(t, rule(t, "POST /login", "json:token"), restore, preset(rule(t, "POST /token", "json:access_token")), preset(rule(t, "GET /verify", "query:t")))
		w.ask(17, "POST /api/login 200")
		w.ask(3, "GET /users/9f8e7d6c5b4a 404", "GET /healthz 200")
		time.Sleep(10*time.Minute - time.Second)
		w.ask(50, "GET /healthz 200")
		if log := w.log.String(); strings.Contains(log, noneUsed) {
			t.Errorf("after less than ten minutes the log has %s", log)
		}
		time.Sleep(time.Second)
		w.ask(50, "GET /healthz 200")
		log := w.log.String()
		for _, want := range []string{
			"level=WARN", noneUsed, `rules="[POST /login POST /logout all of the preset supabase]"`, "minutes=10",
			`most_frequent="[POST /api/login 2xx: 17 GET /healthz 2xx: 54 GET /users/{id} 4xx: 3]"`,
		} {
			if strings.Count(log, want) != 1 {
				t.Errorf("the log has %s\nwant it to have once %s", log, want)
			}
		}
	})
}

func TestUnused_WaitsForOtherRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatched(t, rule(t, "POST /login", "json:token"))
		w.ask(18, "GET /a 200")
		time.Sleep(time.Hour)
		w.ask(1, "GET /a 200")
		if log := w.log.String(); log != "" {
			t.Errorf("after 19 requests the log has %s, want nothing", log)
		}
		w.ask(1, "GET /a 200")
		if log := w.log.String(); !strings.Contains(log, noneUsed) {
			t.Errorf("after 20 requests the log has %s, want %s", log, noneUsed)
		}
	})
}

// One rule of a preset is enough. A rule of one's own is not hidden by others.
func TestUnused_CountsRulesOfOnesOwnEach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, tt := range []struct {
			matched []string
			want    string
		}{
			{[]string{"POST /login 200", "POST /other 200", "POST /token 400"}, ""},
			{[]string{"POST /login 200", "POST /token 200"}, "rules=\"[POST /other]\""},
			{[]string{"POST /login 200", "POST /other 200"}, "rules=\"[all of the preset supabase]\""},
		} {
			w := newWatched(t, rule(t, "POST /login", "json:token"), rule(t, "POST /other", "json:token"), preset(rule(t, "POST /token", "json:t")), preset(rule(t, "GET /verify", "query:t")))
			w.ask(1, tt.matched...)
			time.Sleep(time.Hour)
			w.ask(30, "GET /healthz 200")
			if log := w.log.String(); (log == "") != (tt.want == "") || !strings.Contains(log, tt.want) || log != "" && !strings.Contains(log, "level=INFO") {
				t.Errorf("after %v the log has %q, want %q", tt.matched, log, tt.want)
			}
		}
	})
}

func TestUnused_BeginsAgainWithNewRules(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatched(t, rule(t, "POST /login", "json:token"))
		time.Sleep(time.Hour)
		w.ask(30, "GET /a 200")
		time.Sleep(10 * time.Minute)
		w.ask(30, "GET /a 200")
		if err := w.Use(w.snapshot(t, rule(t, "POST /signin", "json:token"))); err != nil {
			t.Fatal(err)
		}
		w.ask(30, "GET /a 200")
		time.Sleep(10 * time.Minute)
		w.ask(30, "GET /a 200")
		log := w.log.String()
		if first, second := strings.Count(log, `rules="[POST /login]"`), strings.Count(log, `rules="[POST /signin]"`); first != 1 || second != 1 {
			t.Errorf("the log has %s, want one line for each set of rules", log)
		}
	})
}

// Clients choose paths: their ids are hidden, and few are kept.
func TestUnused_LogsNoIDs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatched(t, rule(t, "POST /login", "json:token"))
		for i := range 1000 {
			w.ask(1, fmt.Sprintf("POST /p%d/anna@example.com/eyJhbGciOiJIUzI1NiJ9.a.b 200", i))
		}
		time.Sleep(time.Hour)
		w.ask(1, "POST /x 200")
		log := w.log.String()
		if slices.ContainsFunc([]string{"anna", "eyJ"}, func(id string) bool { return strings.Contains(log, id) }) || strings.Count(log, "2xx") != 5 {
			t.Errorf("the log has %s, want five paths without ids", log)
		}
	})
}
