package filedoc_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/filedoc"
)

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// open opens a source with a new file with this content, and a log.
func open(t *testing.T, content string) (src *filedoc.Source, path string, log *bytes.Buffer) {
	t.Helper()
	path, log = filepath.Join(t.TempDir(), "users.json"), new(bytes.Buffer)
	write(t, path, content)
	src, err := filedoc.Open(filedoc.Options{Path: path, Field: "f", Logger: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	return src, path, log
}

var user = enrich.Query{User: enrich.User{ID: "u"}}

// want checks that the user u has this document, and that it is not stale.
func want(t *testing.T, src *filedoc.Source, json string) enrich.Document {
	t.Helper()
	doc, err := src.Lookup(t.Context(), user)
	if err != nil || string(doc.JSON) != json || doc.Stale {
		t.Errorf("Lookup = %s (stale %v), %v; want %s, not stale", doc.JSON, doc.Stale, err, json)
	}
	return doc
}

func TestSource(t *testing.T) {
	array := func(docs []string) string { return "[" + strings.Join(docs, ",\n") + "]" }
	lines := func(docs []string) string { return strings.Join(docs, "\n") + "\n" }
	for name, tt := range map[string]struct {
		content func(docs []string) string
		collide bool
	}{
		"array":             {array, false},
		"ndjson":            {lines, false},
		"ids with one hash": {array, true},
	} {
		t.Run(name, func(t *testing.T) {
			enrichtest.TestSource(t, func(t *testing.T, shape enrichtest.SourceOptions, docs ...string) enrich.Source {
				path := filepath.Join(t.TempDir(), "users.json")
				write(t, path, tt.content(docs))
				src, err := filedoc.Open(filedoc.Options{Path: path, Field: shape.Field, IDType: shape.IDType, Format: shape.Format, Projection: shape.Projection})
				if err != nil {
					t.Fatal(err)
				}
				if tt.collide {
					src.Collide()
				}
				return src
			})
		})
	}
}

func TestLookup_SeesAChangedFile(t *testing.T) {
	src, path, _ := open(t, `[{"f":"u","n":0}]`)
	for n := range 10 {
		write(t, path, fmt.Sprintf(`[{"f":"u","n":%d}]`, n))
		want(t, src, fmt.Sprintf(`{"f":"u","n":%d}`, n))
	}
	replacement := path + ".new"
	write(t, replacement, `[{"f":"u","n":"x"}]`)
	if err := os.Rename(replacement, path); err != nil {
		t.Fatal(err)
	}
	want(t, src, `{"f":"u","n":"x"}`)
}

// Both contents have the same size and the same modification time.
func TestLookup_SeesAChangeOfSameSizeAndTime(t *testing.T) {
	tick := time.Now()
	src, path, _ := open(t, `[{"f":"u","n":0}]`)
	for n := range 2 {
		write(t, path, fmt.Sprintf(`[{"f":"u","n":%d}]`, n))
		if err := os.Chtimes(path, tick, tick); err != nil {
			t.Fatal(err)
		}
		want(t, src, fmt.Sprintf(`{"f":"u","n":%d}`, n))
	}
}

func TestLookup_BrokenFileKeepsTheLastGoodContent(t *testing.T) {
	faults := map[string]func(t *testing.T, path string){
		"syntax":     func(t *testing.T, path string) { write(t, path, `[{"f":"u"},{"secret`) },
		"string":     func(t *testing.T, path string) { write(t, path, `["secret"]`) },
		"null":       func(t *testing.T, path string) { write(t, path, "null\n") },
		"null last":  func(t *testing.T, path string) { write(t, path, `[{"f":"u"},null]`) },
		"empty":      func(t *testing.T, path string) { write(t, path, "") },
		"text after": func(t *testing.T, path string) { write(t, path, `[] "secret"`) },
		"missing": func(t *testing.T, path string) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		},
	}
	for name, damage := range faults {
		t.Run(name, func(t *testing.T) {
			src, path, log := open(t, `[{"f":"u","n":1}]`)
			good := want(t, src, `{"f":"u","n":1}`)
			damage(t, path)
			for range 3 {
				doc, err := src.Lookup(t.Context(), user)
				if err != nil || string(doc.JSON) != `{"f":"u","n":1}` || !doc.Stale || !doc.ReadAt.Equal(good.ReadAt) {
					t.Errorf("Lookup = %s (stale %v, read at %v), %v; want the last good document, stale, read at %v", doc.JSON, doc.Stale, doc.ReadAt, err, good.ReadAt)
				}
			}
			_, err := src.Lookup(t.Context(), enrich.Query{User: enrich.User{ID: "new"}})
			if err == nil || errors.Is(err, enrich.ErrNoDocument) || errors.Is(err, enrich.ErrUndecodable) {
				t.Errorf("Lookup of an unknown user = %v; want an error that means that the source failed", err)
			}
			if check := src.Check(t.Context()); check == nil || strings.Contains(check.Error(), "secret") {
				t.Errorf("Check = %v; want an error that does not quote the content", check)
			}
			if got := strings.Count(log.String(), "level=ERROR"); got != 1 {
				t.Errorf("the log has %d errors, want 1:\n%s", got, log)
			}
			write(t, path, `[{"f":"u","n":2}]`)
			want(t, src, `{"f":"u","n":2}`)
		})
	}
}

func TestLookup_UndecodableDocumentOfABrokenFileIsAnError(t *testing.T) {
	src, path, _ := open(t, `[{"f":"u","a":1,"a":2}]`)
	for _, content := range []string{`[{"f":"u","a":1,"a":2}]`, `[broken`} {
		write(t, path, content)
		if doc, err := src.Lookup(t.Context(), user); !errors.Is(err, enrich.ErrUndecodable) {
			t.Errorf("Lookup in %s = %s, %v; want %v", content, doc.JSON, err, enrich.ErrUndecodable)
		}
	}
}

func TestOpen_ReportsWhatIsWrong(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users.json")
	write(t, path, "{\"f\":\"a\"}\n{\"f\":\n\"secret\",}\n")
	tests := map[string]struct {
		options filedoc.Options
		want    string
	}{
		"missing file": {filedoc.Options{Path: path + ".none", Field: "f"}, "users.json.none"},
		"syntax":       {filedoc.Options{Path: path, Field: "f"}, "line"},
		"field":        {filedoc.Options{Path: path, Field: "f..g"}, "f..g"},
		"zero options": {filedoc.Options{}, "filedoc: Options.Path is missing"},
		"no path":      {filedoc.Options{Field: "f"}, "filedoc: Options.Path is missing"},
		"no field":     {filedoc.Options{Path: path}, "filedoc: Options.Field is missing"},
		"id type":      {filedoc.Options{Path: path, Field: "f", IDType: "uid"}, `filedoc: Options.IDType "uid" is unknown`},
		"format":       {filedoc.Options{Path: path, Field: "f", Format: "yaml"}, `filedoc: Options.Format "yaml" is unknown`},
		"projection":   {filedoc.Options{Path: path, Field: "f", Projection: bsonjson.Projection{Exclude: []string{"a", "a.b"}}}, "a.b"},
	}
	for name, tt := range tests {
		if _, err := filedoc.Open(tt.options); err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: Open = %v; want an error that contains %q and does not quote the documents", name, err, tt.want)
		}
	}
}

func TestOpen_WarnsAboutDuplicatesOnce(t *testing.T) {
	src, _, log := open(t, `[{"_id":2,"f":"u"},{"_id":1,"f":"u"},{"f":["v","v"]}]`)
	for range 3 {
		want(t, src, `{"_id":1,"f":"u"}`)
	}
	if got := strings.Count(log.String(), "more than one document"); got != 1 || !strings.Contains(log.String(), "users=1") {
		t.Errorf("the log has %d warnings, want one with users=1:\n%s", got, log)
	}
}

// Law F4: a metric counts the lookups of users with more than one document.
func TestLookup_CountsDuplicates(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users.json")
	write(t, path, `[{"_id":2,"f":"u"},{"_id":1,"f":"u"}]`)
	reader := metric.NewManualReader()
	src, err := filedoc.Open(filedoc.Options{Path: path, Field: "f", Meter: metric.NewMeterProvider(metric.WithReader(reader)).Meter("test")})
	if err != nil {
		t.Fatal(err)
	}
	want(t, src, `{"_id":1,"f":"u"}`)
	var all metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	for _, m := range all.ScopeMetrics[0].Metrics {
		if sum, ok := m.Data.(metricdata.Sum[int64]); ok && m.Name == "tokengraft.source.duplicates" && sum.DataPoints[0].Value == 1 {
			return
		}
	}
	t.Errorf("metrics %v; want tokengraft.source.duplicates with 1", all.ScopeMetrics)
}

// allocated returns how many bytes do allocates. The tests cannot count reads, but every
// read allocates at least the size of the file.
func allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestLookup_ConcurrentCallsReadAChangedFileOnce(t *testing.T) {
	var content strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&content, `{"f":"u%d","lang":"en","tags":["a","b"]}`+"\n", i)
	}
	src, path, _ := open(t, content.String()+`{"f":"u","n":1}`)
	write(t, path, content.String()+`{"f":"u","n":2}`)
	old := time.Now().Add(-time.Hour) // so old that it is not read twice: see settleTime
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}

	one := allocated(func() { want(t, src, `{"f":"u","n":2}`) })

	write(t, path, content.String()+`{"f":"u","n":3}`)
	old = old.Add(time.Minute)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	all := allocated(func() {
		var callers sync.WaitGroup
		for range 100 {
			callers.Go(func() { want(t, src, `{"f":"u","n":3}`) })
		}
		callers.Wait()
	})
	if all > 2*one {
		t.Errorf("100 lookups allocated %d bytes, one allocated %d; want them to share one read", all, one)
	}
}

func TestLookup_ReadsABigFileOnlyWhenItChanges(t *testing.T) {
	var content strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&content, `{"_id":%d,"f":"u%d"}`+"\n", i, i)
	}
	path := filepath.Join(t.TempDir(), "users.json")
	write(t, path, content.String())
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	src, err := filedoc.Open(filedoc.Options{Path: path, Field: "f"})
	if err != nil {
		t.Fatal(err)
	}
	lookups := allocated(func() {
		for i := range 1000 {
			doc, err := src.Lookup(t.Context(), enrich.Query{User: enrich.User{ID: fmt.Sprintf("u%d", i*100)}})
			if want := fmt.Sprintf(`{"_id":%d,"f":"u%d"}`, i*100, i*100); err != nil || string(doc.JSON) != want {
				t.Fatalf("Lookup = %s, %v; want %s", doc.JSON, err, want)
			}
		}
	})
	if lookups > uint64(content.Len()) {
		t.Errorf("1000 lookups allocated %d bytes, the file has %d; want no read", lookups, content.Len())
	}
}
