package fault_test

import "time"

// A promise is what must happen during a fault and after it.
type promise struct {
	pass, refuse outcome // what the client gets under each policy
	// reason is the reason of the tokens that are not enriched with a fresh document,
	// or "" if there are none.
	reason string
	// wait describes how much longer a client waits at most. bound is its value in
	// this test.
	wait  string
	bound time.Duration
	// recovery is how long the sidecar may take to recover after the fault.
	recovery time.Duration
}

const openedBreaker = "`documents.mongodb.timeout`; no wait after three failures"

var (
	unchanged    = promise{pass: enriched, refuse: enriched}
	disconnected = promise{pass: closed, refuse: closed}
	unanswered   = promise{pass: noResponse, refuse: noResponse}

	answer502     = promise{pass: "502", refuse: "502"}
	answer502Late = promise{pass: "502", refuse: "502", wait: "`timeouts.dial`", bound: dialTimeout}
	answer504     = promise{pass: "504", refuse: "504", wait: "`timeouts.response`", bound: responseTimeout}

	noKeys         = promise{pass: original, refuse: "503", reason: "unavailable", wait: "3 s once, then 250 ms", bound: 3 * time.Second, recovery: 5 * time.Second}
	noNewKey       = promise{pass: original, refuse: "503", reason: "unavailable", wait: "3 s", bound: 3 * time.Second, recovery: 30 * time.Second}
	noDocuments    = promise{pass: original, refuse: "503", reason: "unavailable", wait: openedBreaker, bound: mongoTimeout, recovery: 3 * time.Second}
	staleDocuments = promise{pass: enriched, refuse: enriched, reason: "stale", wait: openedBreaker, bound: mongoTimeout, recovery: 3 * time.Second}
	cannotSign     = promise{pass: original, refuse: "503", reason: "sign_failed", recovery: 3 * time.Second}
	// A token does not show which of the two clocks is wrong.
	wrongClock = promise{pass: original, refuse: original, reason: "bad_token"}
)

func slower(wait string, bound time.Duration) promise {
	return promise{pass: enriched, refuse: enriched, wait: wait, bound: bound}
}
