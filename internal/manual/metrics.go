package manual

import (
	"fmt"
	"go/ast"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// A Metric is an instrument of OpenTelemetry that the program makes.
type Metric struct {
	Name        string // as in the code, such as tokengraft.tokens
	Instrument  string // the method that makes it, such as Int64Counter
	Unit        string
	Description string
}

// DeclaredMetrics returns the instruments that the packages below a directory make, with a
// name that is written in the call. It does not look at tests and examples.
func DeclaredMetrics(root string) (metrics []Metric, err error) {
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case !entry.IsDir():
			return nil
		case entry.Name() == "testdata" || entry.Name() == "examples" || entry.Name() == "e2e" || path != root && strings.HasPrefix(entry.Name(), "."):
			return fs.SkipDir
		}
		err = inspect(path, func(n ast.Node) {
			if m, ok := metricOf(n); ok {
				metrics = append(metrics, m)
			}
		})
		if os.IsNotExist(err) || strings.HasPrefix(fmt.Sprint(err), "no Go files") {
			return nil
		}
		return err
	})
	return metrics, err
}

// metricOf returns the instrument that a call makes.
func metricOf(n ast.Node) (Metric, bool) {
	call, ok := n.(*ast.CallExpr)
	if !ok || len(call.Args) == 0 {
		return Metric{}, false
	}
	method, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || !makesInstrument(method.Sel.Name) || text(call.Args[0]) == "" {
		return Metric{}, false
	}
	m := Metric{Name: text(call.Args[0]), Instrument: method.Sel.Name}
	for _, arg := range call.Args[1:] {
		option, ok := arg.(*ast.CallExpr)
		if !ok || len(option.Args) == 0 {
			continue
		}
		if name, ok := option.Fun.(*ast.SelectorExpr); ok && name.Sel.Name == "WithUnit" {
			m.Unit = text(option.Args[0])
		} else if ok && name.Sel.Name == "WithDescription" {
			m.Description = text(option.Args[0])
		}
	}
	return m, true
}

func makesInstrument(method string) bool {
	for _, kind := range []string{"Counter", "Histogram", "Gauge"} {
		if strings.HasSuffix(method, kind) && (strings.HasPrefix(method, "Int64") || strings.HasPrefix(method, "Float64")) {
			return true
		}
	}
	return false
}

// prometheusUnits are what the exporter for Prometheus appends to a name for a unit.
var prometheusUnits = map[string]string{"s": "_seconds", "By": "_bytes"}

// Prometheus returns the name and the type of the metric at /metrics.
func (m Metric) Prometheus() (name, kind string) {
	name = strings.ReplaceAll(m.Name, ".", "_") + prometheusUnits[m.Unit]
	switch {
	case strings.HasSuffix(m.Instrument, "Histogram"):
		return name, "histogram"
	case strings.HasSuffix(m.Instrument, "Gauge") || strings.HasSuffix(m.Instrument, "UpDownCounter"):
		return name, "gauge"
	}
	return name + "_total", "counter"
}

// A metricRow is what the code does not say about a metric: the names of its labels, what
// their values mean, and when to alert.
type metricRow struct{ name, labels, more, alert string }

// metricRows has every metric, in the order of the table.
var metricRows = []metricRow{
	{"tokengraft.tokens", "rule,reason", "See [reasons](failures.md#reasons).", "`unavailable`, `sign_failed`, `bad_token`, `not_ours`, `too_large`, `rejected` grow for five minutes; `not_found` or `no_document` are more than half"},
	{"tokengraft.enrich.duration", "rule", "", "p99 over 250 ms"},
	{"tokengraft.document.age", "", "", "p99 over the lifetime of a token"},
	{"tokengraft.token.size", "rule", "", "p99 over 4 KiB"},
	{"tokengraft.cache.lookups", "result", "`hit`, `miss`, `reload` (a refresh), `stale` or `missing`.", ""},
	{"tokengraft.cache.evictions", "cause", "`capacity`, `changed` or `expired`.", ""},
	{"tokengraft.source.duration", "source,error", "", "`error=\"true\"` for two minutes"},
	{"tokengraft.source.duplicates", "source", "", "grows"},
	{"tokengraft.credentials", "action", "`dropped`, or `embedded` with `claim.credentials: warn`. See [credentials in documents](security.md#credentials-in-documents).", ""},
	{"tokengraft.breaker.open", "", "", "1"},
	{"tokengraft.watch.up", "", "", "0, if you expect a change stream"},
	{"tokengraft.restored", "location", "", ""},
	{"tokengraft.unrestored.unauthorized", "", "See [restore](backends.md#your-own-login-service).", "grows"},
	{"tokengraft.uncovered.tokens", "where", "`where` is `response` or `request`. See [tokens that no rule covers](#tokens-that-no-rule-covers).", "grows"},
	{"tokengraft.existing.claims", "from", "`from` is `copied` or `backend`.", "`copied`: [name the place](backends.md#your-own-login-service) where the backend gets the token"},
	{"tokengraft.gate.refused", "rule,why", "See [words](#refusals-of-gates).", "any `why` but `path` grows for five minutes"},
	{"tokengraft.overloaded", "limit", "`memory`, `requests`, `connections`, `headers` or `access`.", "grows"},
	{"tokengraft.access.requests", "endpoint,result", "`endpoint` is `custom_data`, `functions` or `data`; `result` is `ok`, `refused` (no valid token, or not permitted), `invalid`, `limited`, `overloaded` or `failed`.", "`failed` grows for five minutes"},
	{"tokengraft.forward", "result", "`set`, `no_token` (none that could be an enriched one), `invalid_token`, `unavailable` (the backend's keys cannot be fetched), `denied` (`allow` is false) or `too_large` (a header was left out).", "`unavailable` or `too_large` grows"},
	{"tokengraft.expression.failures", "place", "`place` is `forward`, `can_evaluate`, `roles` or `filters`.", "grows"},
	{"tokengraft.hooks", "hook,error", "", "`error=\"true\"`"},
	{"tokengraft.config.reloads", "result", "", "`failed` grows"},
	{"tokengraft.config.last_reload.timestamp", "", "", ""},
	{"tokengraft.sign_ins", "kind", "`login`, `refresh` or `unknown`. Shadow counts too.", ""},
	{"tokengraft.watch.changes", "", "", ""},
	{"tokengraft.shadow", "", "", "1, if you do not expect it"},
	{"tokengraft.build.info", "version,commit,goversion", "", "replicas differ for an hour"},
	{"http.server.request.duration", "http_request_method,url_scheme,http_response_status_code,http_route,network_protocol_version,error_type", "`http_route` is the path of the rule, and is absent without one. `error_type` is a status of 500 or more, `client_gone`, or `aborted` if the backend did not finish its response.", "the rate of 5xx"},
	{"http.server.active_requests", "http_request_method,url_scheme", "", ""},
	{"http.client.request.duration", "http_request_method,server_address,server_port,http_response_status_code,network_protocol_version,error_type", "`error_type` is a status of 400 or more, `timeout`, `unreachable`, `client_gone` or `_OTHER`.", "`error_type=\"unreachable\"`"},
}

// Metrics writes the table of metrics. It returns an error if metricRows and the code do
// not have the same metrics.
func Metrics(declared []Metric) (string, error) {
	byName := map[string]Metric{}
	for _, m := range declared {
		byName[m.Name] = m
	}
	var out strings.Builder
	out.WriteString("| metric | type | what it says | alert when |\n|---|---|---|---|\n")
	for _, row := range metricRows {
		m, ok := byName[row.name]
		if !ok {
			return "", fmt.Errorf("metricRows has the metric %s, which no package makes: remove the row", row.name)
		}
		delete(byName, row.name)
		name, kind := m.Prometheus()
		if row.labels != "" {
			name += "{" + row.labels + "}"
		}
		alert := row.alert
		if alert == "" {
			alert = "–"
		}
		fmt.Fprintf(&out, "| `%s` | %s | %s | %s |\n", name, kind, strings.TrimSpace(cell(m.Description+" "+row.more)), cell(alert))
	}
	for name := range byName {
		return "", fmt.Errorf("metricRows has no row for the metric %s: add one", name)
	}
	return out.String(), nil
}
