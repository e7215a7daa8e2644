package sidecar

import (
	"flag"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
)

var full = flag.Bool("full", false, "log in 100,000 users instead of 12,500 (make load)")

// The documents of the users are twice as large as the cache.
func TestCache_StaysWithinItsBytes(t *testing.T) {
	users, maxBytes := 12_500, int64(2<<20)
	switch {
	case *full:
		users, maxBytes = 100_000, 16<<20
	case testing.Short():
		t.Skip("needs a file of 12,500 documents; run without -short")
	}
	var documents strings.Builder
	for i := range users {
		fmt.Fprintf(&documents, `{"id":"user-%d","about":%q}`+"\n", i, strings.Repeat("x", 300))
	}
	cfg := load(t, map[string]string{
		"users.ndjson": documents.String(),
		"tokengraft.yaml": `listen: 127.0.0.1:0
backend: http://127.0.0.1:1
rules: [{match: POST /login, tokens: ["json:token"]}]
verify: {secret: "` + enrichtest.Secret + `"}
documents: {file: users.ndjson, user_id_field: id}
cache: {max_bytes: ` + fmt.Sprint(maxBytes) + `B}
`,
	})
	s, err := Open(cfg, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(t.Context())

	issuer := enrichtest.NewIssuer(t, "HS256")
	before := heap()
	for i := range users {
		token := issuer.Token(fmt.Sprintf(`{"sub":"user-%d","exp":%d}`, i, time.Now().Add(time.Hour).Unix()))
		outcome := s.current().enricher.Enrich(t.Context(), enrich.Grant{
			Answered: time.Now(),
			Tokens:   []enrich.Issued{{Raw: token, Kind: enrich.Access, Budget: 6 << 10}},
		})[0]
		if outcome.Reason != enrich.OK {
			t.Fatalf("user %d: reason %s (%v), want ok", i, outcome.Reason, outcome.Err)
		}
	}
	grown := heap() - before
	stats := s.cache.Stats()
	t.Logf("%d logins: the heap grew by %.1f MiB; the cache holds %d documents in %.1f MiB",
		users, float64(grown)/(1<<20), stats.Entries, float64(stats.Bytes)/(1<<20))
	if grown > maxBytes*3/2 {
		t.Errorf("the heap grew by %d bytes, want at most 1.5 times max_bytes, %d", grown, maxBytes)
	}
	if stats.Bytes > maxBytes || stats.Bytes < maxBytes/2 {
		t.Errorf("the cache has %d bytes, want more than half of %[2]d, and at most %[2]d", stats.Bytes, maxBytes)
	}
}

// heap returns the bytes that are in use after a collection.
func heap() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
