package proxy

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// A slowAppraiser counts the tokens that it verifies, and lets others run meanwhile.
type slowAppraiser struct{ verified atomic.Int64 }

func (a *slowAppraiser) Appraise(string, enrich.Kind) enrich.Appraisal {
	a.verified.Add(1)
	for range 1000 {
		runtime.Gosched()
	}
	return enrich.TokenForeign
}

func TestAppraisals_VerifyATokenOnceThoughSeveralMessagesHaveIt(t *testing.T) {
	var tokens appraisals
	var a slowAppraiser
	var all sync.WaitGroup
	for range maxLooking {
		all.Go(func() { tokens.of(&a, locate.Occurrence{Token: "e30.e30.c2ln"}) })
	}
	all.Wait()
	if n := a.verified.Load(); n != 1 {
		t.Errorf("one token was verified %d times, want once", n)
	}
}
