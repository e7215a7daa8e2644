package compose_test

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/tokengraft/tokengraft/internal/e2e"
)

// checkRules checks the alerts and the configuration with promtool, and which alerts fire.
func checkRules(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("SKIPPED, THE ALERTS WERE NOT READ BY PROMETHEUS: no promtool; install Debian's prometheus")
	}
	for _, args := range [][]string{{"check", "rules", "alerts.yml"}, {"check", "config", "prometheus.yml"}, {"test", "rules", "testdata/alerts_test.yml"}} {
		out, err := exec.Command(promtool, args...).CombinedOutput()
		if err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}

// evaluateQueries starts a Prometheus that scrapes the sidecar, and checks that every
// panel and every alert gets a number.
func evaluateQueries(t *testing.T, s observed) {
	program, err := exec.LookPath("prometheus")
	if err != nil {
		t.Skip("SKIPPED, THE QUERIES WERE NOT EVALUATED: no prometheus; install Debian's")
	}
	p := startPrometheus(t, program, string(s.Admin))
	pending := append(dashboardQueries(t), alertQueries(t)...)
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); {
		unfinished := startRequest(t, s) // a scrape sees it; the others are too short
		makeTraffic(t, s)                // between two scrapes, so that rates are above zero
		time.Sleep(300 * time.Millisecond)
		unfinished.Close()
		var left []query
		for _, q := range pending {
			if !p.shows(t, q) {
				left = append(left, q)
			}
		}
		if pending = left; len(pending) == 0 {
			return
		}
	}
	t.Errorf("Prometheus has no numbers for %q, want one for each query", pending)
}

// startRequest starts a request that is served until its connection is closed.
func startRequest(t *testing.T, s observed) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", string(s.Public))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, "POST /upload HTTP/1.1\r\nHost: auth.example.com\r\nContent-Length: 10\r\n\r\n12345"); err != nil {
		t.Fatal(err)
	}
	return c
}

// A prometheus is the address of a running Prometheus.
type prometheus string

// startPrometheus starts a Prometheus with the configuration of the deployment. Only
// the sidecar's address and the intervals differ.
func startPrometheus(t *testing.T, program, sidecar string) prometheus {
	t.Helper()
	text, err := os.ReadFile("prometheus.yml")
	if err != nil {
		t.Fatal(err)
	}
	var c map[string]any
	if err := yaml.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	rules, err := filepath.Abs("alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	c["global"] = map[string]any{"scrape_interval": "500ms", "scrape_timeout": "500ms", "evaluation_interval": "250ms"}
	c["rule_files"] = []string{rules}
	job := c["scrape_configs"].([]any)[0].(map[string]any)
	delete(job, "dns_sd_configs")
	job["static_configs"] = []any{map[string]any{"targets": []string{sidecar}}}
	if text, err = yaml.Marshal(c); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	p := prometheus(e2e.FreeAddress(t))
	cmd := exec.Command(program, "--config.file="+file, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+string(p), "--log.level=error")
	cmd.Stderr = t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt)
		cmd.Wait()
	})
	waitFor(t, "http://"+string(p)+"/-/ready")
	return p
}

var thresholds = regexp.MustCompile(` [<>=]+ `)

// shows reports whether a query returns a number. An alert returns nothing unless it
// fires, so of an alert it evaluates the part before the threshold.
func (p prometheus) shows(t *testing.T, q query) bool {
	t.Helper()
	watched := thresholds.Split(q.expr, 2)[0]
	response, err := http.Get("http://" + string(p) + "/api/v1/query?" + url.Values{"query": {watched}}.Encode())
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer struct {
		Error string
		Data  struct {
			Result []struct {
				Metric map[string]string
				Value  [2]any // when, and the number as text
			}
		}
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	if answer.Error != "" {
		t.Fatalf("%s: %s: %s", q.name, q.expr, answer.Error)
	}
	shown := false
	for _, result := range answer.Data.Result {
		if number := result.Value[1]; number != "NaN" && number != "0" {
			t.Logf("%-32s %v %v", q.name, number, result.Metric)
			shown = true
		}
	}
	return shown
}
