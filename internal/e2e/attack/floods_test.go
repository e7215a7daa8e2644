package attack_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"crypto/rand"
	"flag"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

var full = flag.Bool("floods", false, "attack with floods of full size: minutes instead of seconds (make attacks)")

// size is how much of something a flood has.
func size(short, whole int) int {
	if *full {
		return whole
	}
	return short
}

// A floodRow is many different tokens, each of which must pass as it came.
type floodRow struct {
	kind
	sends       string // %d is how many
	short, full int
	token       func(*enrichtest.Issuer) string
}

var floodRows = []floodRow{
	{kind{"kid flood", "B3"}, "%d tokens of random kids", 1_000, 100_000, func(*enrichtest.Issuer) string {
		return forge(`{"alg":"ES256","kid":"`+rand.Text()+`"}`, claimsOf(quoted(anna), ""), bytesOf(strings.Repeat("\x01", 64)))
	}},
	{kind{"user flood", "cache.max_bytes"}, "tokens of %d users with ids of 1 KB and no document, remembered for 1h in 4 MiB", 1_000, 100_000, func(i *enrichtest.Issuer) string {
		return i.Token(claimsOf(quoted(secret+rand.Text()+strings.Repeat("u", 1000)), ""))
	}},
}

// A bombRow is an answer of the backend, in a content coding, that unpacks to
// much more. It must pass as it came.
type bombRow struct {
	coding      string
	short, full int // MiB that it unpacks to
	pack        func(io.Writer) io.WriteCloser
	variant     string
}

var bombs = kind{"decompression bomb", "A8"}

var bombRows = []bombRow{
	{"gzip", 96, 512, func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }, ""},
	{"deflate", 96, 512, func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }, ""},
	{"deflate", 96, 512, func(w io.Writer) io.WriteCloser { f, _ := flate.NewWriter(w, flate.DefaultCompression); return f }, ", bare"},
	{"br", 96, 512, func(w io.Writer) io.WriteCloser { return brotli.NewWriterLevel(w, 3) }, ""},
	{"zstd", 96, 512, func(w io.Writer) io.WriteCloser { z, _ := zstd.NewWriter(w); return z }, ""},
}

// attackWithFloods shows that much of something takes no more than its bound.
func (s *suite) attackWithFloods(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED with -short, which is how `make race` runs: a minute under the race detector, which takes memory of its own; `make tables` floods")
	}
	issuer := enrichtest.NewIssuer(t, "ES256")
	backend := startBackend(t, issuer)
	tg := s.start(t, usual(backend.URL)+"cache: {max_bytes: 4MiB, missing_for: 1h}\n", "["+annas+"]")
	for _, row := range floodRows {
		n := size(row.short, row.full)
		s.run(t, row.kind, fmt.Sprintf(row.sends, n), func(t *testing.T) (happens string) {
			return tg.flood(t, n, backend, func() string { return row.token(issuer) })
		})
	}
	for _, row := range bombRows {
		packed, unpacked := row.bomb()
		sends := fmt.Sprintf("%s%s: %d KiB that unpack to %d MiB", row.coding, row.variant, len(packed)>>10, unpacked>>20)
		s.run(t, bombs, sends, func(t *testing.T) (happens string) { return tg.explode(t, row.coding, packed, "too_large") })
	}
	s.run(t, bombs, "gzip, packed 1,000 times", func(t *testing.T) (happens string) {
		const layers = 1000
		return tg.explode(t, strings.Repeat("gzip, ", layers-1)+"gzip", packedTimes(layers), notLookedAt)
	})
}

const (
	mostGrowth    = 24 << 20 // of the heap, that of this test included, in a flood
	mostAllocated = 64 << 20 // by a bomb, here and at the backend too: far less than it unpacks to
)

// flood has the backend issue n tokens, several at once.
func (tg *target) flood(t *testing.T, n int, backend *e2e.Backend, token func() string) (happens string) {
	fetches, before, began := backend.JWKSFetches(), heap(), time.Now()
	eachOf(n, func() {
		token := token()
		if got, err := tg.tryIssue(token); err != nil || got != token {
			t.Errorf("a token comes back as %s, %v, want it as it was: %s", got, err, token)
		}
	})
	took, grown := time.Since(began), heap()-before
	fetches = backend.JWKSFetches() - fetches
	if most := 1 + int(took/(30*time.Second)); fetches > most {
		t.Errorf("%d tokens made %d fetches of the JWKS in %v, want at most %d", n, fetches, took, most)
	}
	if grown > mostGrowth {
		t.Errorf("%d tokens: the heap grew by %d bytes, want at most %d", n, grown, mostGrowth)
	}
	return fmt.Sprintf("in %s %d fetches of the JWKS, the heap grew by %.1f MiB", took.Round(time.Second), fetches, float64(grown)/(1<<20))
}

// eachOf does something n times, several at once.
func eachOf(n int, do func()) {
	var next atomic.Int64
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			for i := next.Add(1); i <= int64(n); i = next.Add(1) {
				do()
			}
		})
	}
	workers.Wait()
}

// heap returns what is in use of the heap, garbage collected.
func heap() int64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// bomb packs a token without end.
func (row bombRow) bomb() (packed []byte, unpacked int64) {
	unpacked = int64(size(row.short, row.full)) << 20
	var out bytes.Buffer
	w := row.pack(&out)
	io.WriteString(w, `{"access_token":"`)
	io.CopyN(w, zeros{}, unpacked)
	w.Close()
	return out.Bytes(), unpacked
}

// zeros has no end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// packedTimes packs a token many times.
func packedTimes(layers int) []byte {
	text := []byte(`{"access_token":"x"}`)
	for range layers {
		var packed bytes.Buffer
		w, _ := gzip.NewWriterLevel(&packed, gzip.HuffmanOnly)
		w.Write(text)
		w.Close()
		text = packed.Bytes()
	}
	return text
}

// explode has the backend answer with a bomb, and counts what is allocated
// meanwhile.
func (tg *target) explode(t *testing.T, coding string, packed []byte, want string) (happens string) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var got e2e.Reply
	reason := tg.reasonOf(t, func() {
		got = tg.ask(t, http.MethodPost, "/login", string(packed), "Answer: Content-Encoding: "+coding)
	})
	runtime.ReadMemStats(&after)
	allocated := after.TotalAlloc - before.TotalAlloc
	same := got.Body == string(packed) && got.Header.Get("Content-Encoding") == coding
	if !same || reason != want || allocated > mostAllocated {
		t.Errorf("passes as it came: %t, counted %s, %d bytes allocated, want true, %s, at most %d", same, reason, allocated, want, mostAllocated)
	}
	return fmt.Sprintf("passes as it came: %t, %s; %d MiB allocated in all", same, reason, allocated>>20)
}
