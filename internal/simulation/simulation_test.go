// Package simulation_test checks laws F1 to F7: how fresh the document in a token is. It
// runs real caches and enrichers in random worlds on a fake clock. An oracle that knows
// every write, read and invalidation checks every token.
//
// A world has one clock for monotonic and wall time. The tests of package cache check what
// happens if these two differ. Here only the backend's clock, which sets iat and exp, is
// wrong sometimes.
package simulation_test

import (
	"flag"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/keys"
)

var (
	replay = flag.Int64("seed", -1, "run only the world of this seed, and log every exchange")
	full   = flag.Bool("full", false, "run 2000 worlds instead of 200 (make load)")
)

func TestFreshness_HoldsInEveryWorld(t *testing.T) {
	first, last := uint64(0), uint64(200)
	switch {
	case *replay >= 0:
		first, last = uint64(*replay), uint64(*replay)+1
	case *full:
		last = 2000
	}
	sum, signers := newTally(), newSigners(t)
	for seed := first; seed < last; seed++ {
		synctest.Test(t, func(t *testing.T) {
			defer logReplayCommand(t, seed)
			sum.add(newWorld(t, seed, signers).run())
		})
	}
	t.Logf("%d worlds, %s; no violation", last-first, sum)
	if *replay < 0 {
		sum.checkCoverage(t)
	}
}

// logReplayCommand logs how to run a failed world again. It must run inside the
// world, because a synctest bubble that fails ends its test.
func logReplayCommand(t *testing.T, seed uint64) {
	if t.Failed() {
		t.Logf("replay this world with: go test ./internal/simulation -run TestFreshness_HoldsInEveryWorld -seed %d", seed)
	}
}

func FuzzFreshness_HoldsInEveryWorld(f *testing.F) {
	signers := newSigners(f)
	f.Add(uint32(1))
	f.Fuzz(func(t *testing.T, seed uint32) {
		synctest.Test(t, func(t *testing.T) {
			defer logReplayCommand(t, uint64(seed))
			newWorld(t, uint64(seed), signers).run()
		})
	})
}

// signers are the backend's keys and the ring that trusts them. They do not depend
// on time, so all worlds share them.
type signers struct {
	issuer *enrichtest.Issuer
	ring   *keys.Ring
}

// leeway is how far the backend's clock may be wrong before its tokens are bad.
const leeway = 2 * time.Second

func newSigners(t testing.TB) signers {
	t.Helper()
	ring, err := keys.Open(keys.Options{
		Secret: []byte(enrichtest.Secret), Leeway: leeway, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return signers{enrichtest.NewIssuer(t, "HS256"), ring}
}
