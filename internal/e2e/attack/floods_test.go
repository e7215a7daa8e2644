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

var full = flag.Bool("floods", false, "attack with floods of full size: takes minutes instead of seconds (make attacks)")

// size returns the size of a flood.
func size(short, whole int) int {
	if *full {
		return whole
	}
	return short
}

// A floodRow is many different tokens. Each must pass unchanged.
type floodRow struct {
	kind
	sends       string // %d is the number of tokens
	short, full int
	token       func(*enrichtest.Issuer) string
}

var floodRows = []floodRow{
	{kind{"kid flood", "B3"}, "%d tokens with random kids", 1_000, 100_000, func(*enrichtest.Issuer) string {
		return forge(`{"alg":"ES256","kid":"`+rand.Text()+`"}`, claimsOf(quoted(anna), ""), bytesOf(strings.Repeat("\x01", 64)))
	}},
	{kind{"user flood", "cache.max_bytes"}, "tokens of %d users without a document, with ids of 1 KB, remembered for 1h in 4 MiB", 1_000, 100_000, func(i *enrichtest.Issuer) string {
		return i.Token(claimsOf(quoted(secret+rand.Text()+strings.Repeat("u", 1000)), ""))
	}},
}

// A bombRow is a compressed response of the backend that decompresses to much more. It
// must pass unchanged.
type bombRow struct {
	coding      string
	short, full int // decompressed size, in MiB
	pack        func(io.Writer) io.WriteCloser
	variant     string
}

var bombs = kind{"decompression bomb", "A8"}

var bombRows = []bombRow{
	{"gzip", 96, 512, func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }, ""},
	{"deflate", 96, 512, func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }, ""},
	{"deflate", 96, 512, func(w io.Writer) io.WriteCloser { f, _ := flate.NewWriter(w, flate.DefaultCompression); return f }, ", without the zlib header"},
	{"br", 96, 512, func(w io.Writer) io.WriteCloser { return brotli.NewWriterLevel(w, 3) }, ""},
	{"zstd", 96, 512, func(w io.Writer) io.WriteCloser { z, _ := zstd.NewWriter(w); return z }, ""},
}

// attackWithFloods checks that floods and bombs do not use more memory than allowed.
func (s *suite) attackWithFloods(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED, THE FLOODS WERE NOT TESTED: with -short, as in `make race`, because the race detector changes memory use; `make test` tests them")
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
		sends := fmt.Sprintf("%s%s: %d KiB that decompress to %d MiB", row.coding, row.variant, len(packed)>>10, unpacked>>20)
		s.run(t, bombs, sends, func(t *testing.T) (happens string) { return tg.explode(t, row.coding, packed, "too_large") })
	}
	s.run(t, bombs, "gzip, applied 1,000 times", func(t *testing.T) (happens string) {
		const layers = 1000
		return tg.explode(t, strings.Repeat("gzip, ", layers-1)+"gzip", packedTimes(layers), notLookedAt)
	})
}

const (
	mostGrowth    = 24 << 20 // growth of the heap during a flood, including this test's
	mostAllocated = 64 << 20 // bytes allocated during a bomb, including by the test and the backend
)

// flood makes the backend issue n tokens, several at a time.
func (tg *target) flood(t *testing.T, n int, backend *e2e.Backend, token func() string) (happens string) {
	fetches, before, start := backend.JWKSFetches(), heap(), time.Now()
	eachOf(n, func() {
		token := token()
		if got, err := tg.tryIssue(token); err != nil || got != token {
			t.Errorf("token %s: got %s, error %v, want it unchanged", token, got, err)
		}
	})
	took, grown := time.Since(start), heap()-before
	fetches = backend.JWKSFetches() - fetches
	// In each half minute one fetch that a token asked for, and one because the set is
	// no longer fresh.
	if most := 2 * (1 + int(took/(30*time.Second))); fetches > most {
		t.Errorf("%d tokens: got %d fetches of the JWKS in %v, want at most %d", n, fetches, took, most)
	}
	if grown > mostGrowth {
		t.Errorf("%d tokens: the heap grew by %d bytes, want at most %d", n, grown, mostGrowth)
	}
	return fmt.Sprintf("in %s: %d fetches of the JWKS; the heap grew by %.1f MiB", took.Round(time.Second), fetches, float64(grown)/(1<<20))
}

// eachOf calls do n times, several at a time.
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

// heap returns the size of live objects on the heap, in bytes.
func heap() int64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// bomb returns a compressed response with a very long token, and its decompressed size.
func (row bombRow) bomb() (packed []byte, unpacked int64) {
	unpacked = int64(size(row.short, row.full)) << 20
	var out bytes.Buffer
	w := row.pack(&out)
	io.WriteString(w, `{"access_token":"`)
	io.CopyN(w, zeros{}, unpacked)
	w.Close()
	return out.Bytes(), unpacked
}

// zeros is a reader of endless zero bytes.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// packedTimes compresses a response many times.
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

// explode makes the backend answer with a bomb, and measures the bytes allocated
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
		t.Errorf("got unchanged %t, reason %s, %d bytes allocated; want true, %s, at most %d", same, reason, allocated, want, mostAllocated)
	}
	return fmt.Sprintf("%s: %s; %d MiB allocated in total", either(same, "passes unchanged", "IS CHANGED"), reason, allocated>>20)
}
