// Package simulation_test is the proof of laws F: real caches and enrichers in
// worlds made at random, on a clock that no world can wait for. Every token is
// checked against a model that knows each write, each read and each eviction.
//
// The clock of a world is one clock, which nobody can step; that an age counts
// by the monotonic and by the wall clock is shown in package cache. What is
// stepped here is the backend's clock, which stamps iat and exp.
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

var replay = flag.Int64("seed", -1, "make one world only, of this seed, and log every exchange")

func TestFreshness_HoldsInEveryWorld(t *testing.T) {
	first, last := uint64(0), uint64(2000)
	switch {
	case *replay >= 0:
		first, last = uint64(*replay), uint64(*replay)+1
	case testing.Short():
		last = 200
	}
	sum, signers := newTally(), newSigners(t)
	for seed := first; seed < last; seed++ {
		synctest.Test(t, func(t *testing.T) {
			defer sayHowToReplay(t, seed)
			sum.add(newWorld(t, seed, signers).run())
		})
	}
	t.Logf("%d worlds, %s; no violation", last-first, sum)
	if *replay < 0 {
		sum.mustReach(t)
	}
}

// sayHowToReplay speaks up in a world that failed. Outside of it would be too
// late: a bubble that failed takes its test along.
func sayHowToReplay(t *testing.T, seed uint64) {
	if t.Failed() {
		t.Logf("replay this world with: go test ./enrich/simulation -run TestFreshness_HoldsInEveryWorld -seed %d", seed)
	}
}

func FuzzFreshnessHoldsInEveryWorld(f *testing.F) {
	signers := newSigners(f)
	f.Add(uint32(1))
	f.Fuzz(func(t *testing.T, seed uint32) {
		synctest.Test(t, func(t *testing.T) {
			defer sayHowToReplay(t, uint64(seed))
			newWorld(t, uint64(seed), signers).run()
		})
	})
}

// signers are the backend's keys and the ring that trusts them. They know
// nothing of time, so that all worlds share them.
type signers struct {
	issuer *enrichtest.Issuer
	ring   *keys.Ring
}

// leeway is by how much the backend's clock may be wrong before its tokens are.
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
