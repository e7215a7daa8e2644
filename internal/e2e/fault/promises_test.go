package fault_test

import "time"

// A promise is what must happen.
type promise struct {
	pass, refuse outcome // what the client gets under each policy
	// reason is what the tokens count as that are not enriched; "" if there are
	// none.
	reason string
	// wait is what the sidecar adds to an answer at most, in words, and bound
	// what that is here.
	wait  string
	bound time.Duration
	// healed is for how long the fault is felt at most after its end.
	healed time.Duration
}

const openedBreaker = "`documents.mongodb.timeout`; nothing after three failures"

var (
	notChange  = promise{pass: enriched, refuse: enriched}
	disconnect = promise{pass: brokenOff, refuse: brokenOff}
	notAnswer  = promise{pass: noAnswer, refuse: noAnswer}

	answer502     = promise{pass: "502", refuse: "502"}
	answer502Late = promise{pass: "502", refuse: "502", wait: "`timeouts.dial`", bound: dialTimeout}
	timeOut       = promise{pass: "504", refuse: "504", wait: "`timeouts.response`", bound: responseTimeout}

	lackKeys      = promise{pass: original, refuse: "503", reason: "unavailable", wait: "3 s once, then 250 ms", bound: 3 * time.Second, healed: 5 * time.Second}
	lackNewKey    = promise{pass: original, refuse: "503", reason: "unavailable", wait: "3 s", bound: 3 * time.Second, healed: 30 * time.Second}
	lackDocuments = promise{pass: original, refuse: "503", reason: "unavailable", wait: openedBreaker, bound: mongoTimeout, healed: 3 * time.Second}
	serveStale    = promise{pass: enriched, refuse: enriched, reason: "stale", wait: openedBreaker, bound: mongoTimeout, healed: 3 * time.Second}
	notSign       = promise{pass: original, refuse: "503", reason: "sign_failed", healed: 3 * time.Second}
	// Which of two clocks has jumped does not show in a token.
	notTrustClocks = promise{pass: original, refuse: original, reason: "bad_token"}
)

func beSlower(wait string, bound time.Duration) promise {
	return promise{pass: enriched, refuse: enriched, wait: wait, bound: bound}
}
