package locate

import (
	"strings"
	"testing"
	"time"
)

// Law B4: candidates that share one run of base64url do not cost its length each.
func TestTokens_CandidatesInOneRunCostNoMoreThanTheText(t *testing.T) {
	const size = 60_000
	cost := func(text string) time.Duration {
		least := time.Hour // other processes only add to it
		for range 10 {
			began := time.Now()
			Request{Query: text}.Tokens(func(string) {})
			least = min(least, time.Since(began))
		}
		return least
	}
	plain, candidates := cost(strings.Repeat("e", size)), cost(strings.Repeat("-eyJ-", size/5))
	if candidates > 10*plain {
		t.Errorf("a query of %d bytes with many candidates takes %s, want at most ten times the %s of one without", size, candidates, plain)
	}
}

// What only looks like an escape costs no memory.
func TestUnescaped_BrokenEscapesCostNoMemory(t *testing.T) {
	for _, unit := range []string{"%%", "%zz", `\u%`, "&#;", "&#x;", `\x\`} {
		text := strings.Repeat(unit, 1000)
		if n := testing.AllocsPerRun(10, func() { unescaped(text) }); n > 1 {
			t.Errorf("unescaped(%q…) allocates %v times, want once", unit, n)
		}
	}
}
