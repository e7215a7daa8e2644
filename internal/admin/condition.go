package admin

import "context"

// A Condition is something that the sidecar needs.
type Condition struct {
	// Name is what /readyz and the log call it.
	Name string
	// Gate says that the sidecar is not ready until the condition has held once.
	// Without Gate it is ready, but degraded.
	Gate bool
	// Probe returns why the condition does not hold; nil if it holds. It is called
	// repeatedly, and must return when its context ends.
	Probe func(context.Context) error
	// Instant says that Probe does not block. Then every request for /readyz calls
	// it.
	Instant bool
	// Fault returns why the sidecar does not use something, even if Probe returns
	// nil, or "" if it uses it. It must not block. /readyz then shows the fault and
	// is degraded. Optional.
	Fault func() string
	// Help says what to do if the condition does not hold.
	Help string
}
