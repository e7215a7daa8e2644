package doctor

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
)

// An adminListener is the sidecar's admin listener, or why it cannot be asked.
type adminListener struct {
	base    *url.URL
	missing string // why there is none; empty if there is one
	http    *http.Client
	date    time.Time // its clock, from its last answer
	asked   time.Time // when it was asked
}

// newAdminListener uses no proxy, because the sidecar is close.
func newAdminListener(o Options) *adminListener {
	a := &adminListener{base: o.Admin, http: &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{}}}
	if a.base != nil {
		return a
	}
	address := string(o.Config.Admin)
	host, port, err := net.SplitHostPort(address)
	switch {
	case address == "":
		a.missing = "admin is off"
	case err != nil || port == "0":
		a.missing = "admin has port 0, so the real port is not known. Name the address with --admin"
	default:
		a.base = &url.URL{Scheme: "http", Host: net.JoinHostPort(reachable(host), port)}
	}
	return a
}

// get asks the admin listener.
func (a *adminListener) get(ctx context.Context, path string) (exchange, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.base.JoinPath(path).String(), nil)
	if err != nil {
		return exchange{}, err
	}
	answer, err := exchangeWith(a.http, request)
	if date, dateErr := http.ParseTime(answer.header.Get("Date")); err == nil && dateErr == nil {
		a.date, a.asked = date, answer.asked
	}
	return answer, err
}

// series returns the series of a metric, and false if the metrics cannot be read.
func (a *adminListener) series(ctx context.Context, name string) (found []series, ok bool) {
	if a.missing != "" {
		return nil, false
	}
	answer, err := a.get(ctx, "/metrics")
	if err != nil || answer.status != http.StatusOK {
		return nil, false
	}
	for line := range strings.Lines(string(answer.body)) {
		if s, ok := parseSeries(line); ok && s.name == name {
			found = append(found, s)
		}
	}
	return found, true
}

// reasons returns how many tokens the sidecar has counted, by rule and reason.
func (a *adminListener) reasons(ctx context.Context) map[[2]string]float64 {
	counts := map[[2]string]float64{}
	all, _ := a.series(ctx, "tokengraft_tokens_total")
	for _, s := range all {
		counts[[2]string{s.labels["rule"], s.labels["reason"]}] += s.value
	}
	return counts
}

// restored returns how many tokens the sidecar has restored, by location.
func (a *adminListener) restored(ctx context.Context) map[string]float64 {
	counts := map[string]float64{}
	all, _ := a.series(ctx, "tokengraft_restored_total")
	for _, s := range all {
		counts[s.labels["location"]] += s.value
	}
	return counts
}

func (d *doctor) checkReady(ctx context.Context) {
	if d.admin.missing != "" {
		d.skip("ready", "", "%s", d.admin.missing)
		return
	}
	d.Progress("waiting until the sidecar is ready")
	answer, report, err := d.admin.readiness(ctx)
	d.ready = report
	switch bad := report.bad(); {
	case err != nil:
		d.admin.missing = "the admin listener does not answer"
		d.fail("ready", "Is the sidecar running, with this configuration? Its log shows the address of the admin listener.", "%s", err)
	case report.Status == "":
		d.fail("ready", "Is this the admin listener of tokengraft?", "/readyz answers %d, but not as tokengraft does", answer.status)
	case answer.status != http.StatusOK || len(bad) > 0:
		d.fail("ready", "The log of the sidecar says why. `tokengraft check` tries each part once; docs/failures.md says what to do.", "%s, %s", report.Status, strings.Join(bad, ", "))
	default:
		d.ok("ready", "%s", strings.Join(slices.Sorted(maps.Keys(report.Checks)), ", "))
	}
}

// A readyReport is the body of /readyz.
type readyReport struct {
	Status string            `json:"status"`
	Checks map[string]string `json:"checks"`
}

// bad returns what is missing.
func (r readyReport) bad() (names []string) {
	for _, name := range slices.Sorted(maps.Keys(r.Checks)) {
		if state := r.Checks[name]; state != "ok" {
			names = append(names, fmt.Sprintf("%s: %s", name, state))
		}
	}
	return names
}

// readiness asks /readyz. A sidecar that has just started gets a few seconds.
func (a *adminListener) readiness(ctx context.Context) (answer exchange, report readyReport, err error) {
	const attempts, pause = 25, 200 * time.Millisecond
	for range attempts {
		if answer, err = a.get(ctx, "/readyz"); err != nil {
			return answer, report, err
		}
		report = readyReport{}
		_ = json.Unmarshal(answer.body, &report)
		if report.Status == "" || len(report.bad()) == 0 || ctx.Err() != nil {
			break
		}
		time.Sleep(pause)
	}
	return answer, report, nil
}

func (d *doctor) checkVersion(ctx context.Context) {
	const metric = "tokengraft_build_info"
	all, _ := d.admin.series(ctx, metric)
	if len(all) == 0 || d.Version == "" {
		d.skip("version", "", "the sidecar does not say its version in the metric %s", metric)
		return
	}
	if version := all[0].labels["version"]; version != d.Version {
		d.fail("version", "Restart the sidecar with the new program, or use the doctor of its version.", "the sidecar has version %s, this program %s", version, d.Version)
		return
	}
	d.ok("version", "%s", d.Version)
}

// checkConfiguration looks for a changed file that the sidecar has not accepted.
func (d *doctor) checkConfiguration(ctx context.Context) {
	const metric = "tokengraft_config_last_reload_timestamp_seconds"
	all, _ := d.admin.series(ctx, metric)
	file, err := os.Stat(d.Config.File())
	if len(all) == 0 || all[0].value == 0 || err != nil {
		d.skip("configuration", "", "the sidecar does not say in the metric %s when it loaded its configuration, or the file has no time", metric)
		return
	}
	loaded := time.Unix(int64(all[0].value), 0)
	text := "loaded at " + loaded.Format(time.DateTime)
	if state := d.ready.Checks["configuration"]; state != "" && state != "ok" {
		d.fail("configuration", "The sidecar runs with the configuration from before. Its log says which fault the file has.", "%s, but since then the file has a fault (%s)", text, state)
		return
	}
	if changed := file.ModTime(); changed.After(loaded.Add(time.Second)) {
		text += "; the file has a later date, and no fault for the sidecar"
	}
	d.ok("configuration", "%s", text)
}
