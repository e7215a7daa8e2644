package history

import "github.com/tokengraft/tokengraft/enrich"

// A plot is a series of the last hour.
type plot struct {
	name, title, unit string
	lines             []line
}

// A line is computed for each window of time.
type line struct {
	label string
	value func(window) float64
	// peak says that several values are summed up by the largest, not by their mean.
	peak bool
}

// plots are all that is kept.
var plots = []plot{
	{"sign_ins", "Logins and refreshes", "per second", []line{
		{label: "logins", value: rateOf("tokengraft_sign_ins_total", "kind", "login")},
		{label: "refreshes", value: rateOf("tokengraft_sign_ins_total", "kind", "refresh")},
		{label: "unknown", value: rateOf("tokengraft_sign_ins_total", "kind", "unknown")},
	}},
	{"tokens", "Tokens by reason", "per second", reasonLines()},
	{"latency", "Added latency", "ms", quantileLines("tokengraft_enrich_duration_seconds", 1000)},
	{"document_age", "Age of documents in tokens", "s", quantileLines("tokengraft_document_age_seconds", 1)},
	{"cache_hits", "Cache hits", "%", []line{{label: "hits", value: hitRatio}}},
	{"cache_bytes", "Cache memory", "bytes", []line{{label: "used", value: gaugeOf(cacheBytes), peak: true}}},
	{"token_size", "Token sizes", "bytes", []line{
		{label: "median", value: quantileOf(.5, "tokengraft_token_size_bytes", 1)},
		{label: "p99", value: quantileOf(.99, "tokengraft_token_size_bytes", 1), peak: true},
	}},
	{"changes", "Changes of documents", "per second", []line{
		{label: "changes", value: rateOf("tokengraft_watch_changes_total", "")},
		{label: "entries evicted", value: rateOf("tokengraft_cache_evictions_total", "cause", "changed")},
	}},
	{"source_latency", "Reads of documents", "ms", quantileLines("tokengraft_source_duration_seconds", 1000)},
	{"backend_latency", "Backend latency", "ms", quantileLines("http_client_request_duration_seconds", 1000)},
	{"requests", "Requests", "per second", []line{
		{label: "all", value: rateOf("http_server_request_duration_seconds", "")},
		{label: "overloaded", value: rateOf("tokengraft_overloaded_total", "")},
	}},
}

// cacheBytes is the name of a measurement that the sidecar adds. It is not a metric.
const cacheBytes = "cache_bytes"

// CacheBytes returns the measurement of the memory that the cache uses.
func CacheBytes(bytes int64) Measurement {
	return Measurement{Name: cacheBytes, Value: float64(bytes)}
}

func rateOf(name, label string, values ...string) func(window) float64 {
	return func(w window) float64 { return w.rate(name, label, values...) }
}

func gaugeOf(name string) func(window) float64 {
	return func(w window) float64 { return w.gauge(name) }
}

func quantileOf(q float64, name string, factor float64) func(window) float64 {
	return func(w window) float64 { return factor * w.quantile(q, name) }
}

func quantileLines(name string, factor float64) []line {
	return []line{
		{label: "p50", value: quantileOf(.5, name, factor)},
		{label: "p95", value: quantileOf(.95, name, factor), peak: true},
		{label: "p99", value: quantileOf(.99, name, factor), peak: true},
	}
}

func hitRatio(w window) float64 {
	const name = "tokengraft_cache_lookups_total"
	return share(w.grown(name, "result", "hit", "missing"), w.grown(name, ""))
}

func reasonLines() (lines []line) {
	for _, reason := range []enrich.Reason{
		enrich.OK, enrich.Stale, enrich.NoDocument, enrich.NotFound, enrich.Unavailable, enrich.TooLarge, enrich.BadToken, enrich.NotOurs,
		enrich.Opaque, enrich.KeyBound, enrich.SignFailed, enrich.Rejected, enrich.Canceled,
	} {
		lines = append(lines, line{label: string(reason), value: rateOf("tokengraft_tokens_total", "reason", string(reason))})
	}
	return lines
}
