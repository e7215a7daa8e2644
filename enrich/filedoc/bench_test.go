package filedoc_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/filedoc"
)

const benchUsers = 100_000

// benchFile writes a file with documents of 300 bytes, and returns its path.
func benchFile(b *testing.B) string {
	b.Helper()
	var content strings.Builder
	for n := range benchUsers {
		fmt.Fprintf(&content, `{"_id":{"$oid":"%024x"},"f":"%s","pad":"%s"}`+"\n", n, benchUser(n), strings.Repeat("x", 210))
	}
	path := filepath.Join(b.TempDir(), "users.json")
	if err := os.WriteFile(path, []byte(content.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	old := time.Now().Add(-time.Hour) // so that the file is not read again
	if err := os.Chtimes(path, old, old); err != nil {
		b.Fatal(err)
	}
	return path
}

func benchUser(n int) string { return fmt.Sprintf("%024x", n) }

func benchOpen(b *testing.B, path string) *filedoc.Source {
	b.Helper()
	source, err := filedoc.Open(filedoc.Options{Path: path, Field: "f"})
	if err != nil {
		b.Fatal(err)
	}
	return source
}

// BenchmarkCollection measures a garbage collection with 100,000 documents of 300 bytes, and
// the memory of each document.
func BenchmarkCollection(b *testing.B) {
	path := benchFile(b)
	before := heap()
	source := benchOpen(b, path)
	grown := heap() - before
	for b.Loop() {
		runtime.GC()
	}
	b.ReportMetric(float64(grown)/benchUsers, "B/document")
	runtime.KeepAlive(source)
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkLookup measures a lookup among 100,000 documents of 300 bytes. It compares the id
// with that in the document, which takes two allocations.
func BenchmarkLookup(b *testing.B) {
	source, ctx := benchOpen(b, benchFile(b)), context.Background()
	users := make([]enrich.User, 1000)
	for n := range users {
		users[n] = enrich.User{ID: benchUser(n * 7919 % benchUsers)}
	}
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		if _, err := source.Lookup(ctx, enrich.Query{User: users[n%len(users)]}); err != nil {
			b.Fatal(err)
		}
	}
}
