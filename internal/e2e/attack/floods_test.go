package attack_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"crypto/rand"
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

// attackWithFloods shows that much of something takes no more than is bounded.
func attackWithFloods(t *testing.T, s *suite) {
	if testing.Short() {
		t.Skip("SKIPPED with -short, which is how `make race` runs: a minute under the race detector, which takes memory of its own; `make tables` floods")
	}
	issuer := enrichtest.NewIssuer(t, "ES256")
	backend := startBackend(t, issuer)
	v := s.start(t, usual(backend.URL)+"cache: {max_bytes: 4MiB, missing_for: 1h}\n", "["+annas+"]")
	v.floodWithKids(t, s, backend)
	v.floodWithUsers(t, s, issuer)
	v.attackWithBombs(t, s)
}

// eachOf does something n times, several at once.
func eachOf(n int, do func(i int)) {
	var next atomic.Int64
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			for i := next.Add(1); i <= int64(n); i = next.Add(1) {
				do(int(i))
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

// mostGrowth is what the heap, that of this test included, may grow by.
const mostGrowth = 24 << 20

func (v *target) floodWithKids(t *testing.T, s *suite, backend *e2e.Backend) {
	n := flood(1_000, 100_000)
	fetches, before, began := backend.JWKSFetches(), heap(), time.Now()
	claims := claimsOf(quoted(anna), "")
	eachOf(n, func(int) {
		token := forge(`{"alg":"ES256","kid":"`+rand.Text()+`"}`, claims, bytesOf(strings.Repeat("\x01", 64)))
		if got, err := v.tryIssue(token); err != nil || got != token {
			t.Errorf("a token of an unknown kid comes back as %s, %v, want it as it was: %s", got, err, token)
		}
	})
	took, grown := time.Since(began), heap()-before
	fetches = backend.JWKSFetches() - fetches
	s.report(row{"kid flood", fmt.Sprintf("%d tokens of random kids in %s", n, took.Round(time.Second)), fmt.Sprintf("%d fetches of the JWKS, the heap grew by %.1f MiB", fetches, float64(grown)/(1<<20)), "B3"})
	if most := 1 + int(took/(30*time.Second)); fetches > most {
		t.Errorf("%d tokens of random kids made %d fetches in %v, want at most %d", n, fetches, took, most)
	}
	if grown > mostGrowth {
		t.Errorf("%d tokens of random kids: the heap grew by %d bytes", n, grown)
	}
}

func (v *target) floodWithUsers(t *testing.T, s *suite, issuer *enrichtest.Issuer) {
	n := flood(1_000, 100_000)
	before := heap()
	eachOf(n, func(int) {
		token := issuer.Token(claimsOf(quoted(secret+rand.Text()+strings.Repeat("u", 1000)), ""))
		if got, err := v.tryIssue(token); err != nil || got != token {
			t.Errorf("a token of a user without a document comes back as %s, %v, want it as it was: %s", got, err, token)
		}
	})
	grown := heap() - before
	s.report(row{"user flood", fmt.Sprintf("tokens of %d users with ids of 1 KB and no document, remembered for 1h in 4 MiB", n), fmt.Sprintf("the heap grew by %.1f MiB", float64(grown)/(1<<20)), "cache.max_bytes"})
	if grown > mostGrowth {
		t.Errorf("%d users without documents: the heap grew by %d bytes", n, grown)
	}
}

// attackWithBombs has the backend answer with little that unpacks to much.
func (v *target) attackWithBombs(t *testing.T, s *suite) {
	size := int64(flood(96, 512)) << 20
	for _, bomb := range []struct {
		coding string
		writer func(io.Writer) io.WriteCloser
	}{
		{"gzip", func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }},
		{"deflate", func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }},
		{"deflate, bare", func(w io.Writer) io.WriteCloser { f, _ := flate.NewWriter(w, flate.DefaultCompression); return f }},
		{"br", func(w io.Writer) io.WriteCloser { return brotli.NewWriterLevel(w, 3) }},
		{"zstd", func(w io.Writer) io.WriteCloser { z, _ := zstd.NewWriter(w); return z }},
	} {
		var packed bytes.Buffer
		w := bomb.writer(&packed)
		io.WriteString(w, `{"access_token":"`)
		io.CopyN(w, zeros{}, size)
		w.Close()
		coding, _, _ := strings.Cut(bomb.coding, ",")
		v.explode(t, s, fmt.Sprintf("%s: %d KiB that unpack to %d MiB", bomb.coding, packed.Len()>>10, size>>20), coding, packed.Bytes(), "too_large")
	}
	var layers = []byte(`{"access_token":"x"}`)
	const depth = 1000
	for range depth {
		var packed bytes.Buffer
		w, _ := gzip.NewWriterLevel(&packed, gzip.HuffmanOnly)
		w.Write(layers)
		w.Close()
		layers = packed.Bytes()
	}
	v.explode(t, s, "gzip, packed 1,000 times", strings.Repeat("gzip, ", depth-1)+"gzip", layers, "not looked at")
}

// zeros has no end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// explode has the backend answer with a bomb. What is allocated meanwhile, here
// and at the backend as well, is far less than what the bomb holds.
func (v *target) explode(t *testing.T, s *suite, sends, coding string, packed []byte, want string) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var res e2e.Reply
	reason := v.reasonOf(t, func() {
		res = v.ask(t, http.MethodPost, "/login", string(packed), "Answer: Content-Encoding: "+coding)
	})
	runtime.ReadMemStats(&after)
	allocated := after.TotalAlloc - before.TotalAlloc
	same := res.Body == string(packed) && res.Header.Get("Content-Encoding") == coding
	s.report(row{"decompression bomb", sends, fmt.Sprintf("passes as it came: %t, %s; %d MiB allocated in all", same, reason, allocated>>20), "A8"})
	if !same || reason != want || allocated > 64<<20 {
		t.Errorf("%s: passes as it came: %t, %s, %d bytes allocated", sends, same, reason, allocated)
	}
}
