package admin

import "context"

// A Condition is something that the sidecar needs.
type Condition struct {
	// Name is what /readyz and the log call it.
	Name string
	// Gate says that the sidecar is not ready before the condition held once.
	// Otherwise it is ready without it, but degraded.
	Gate bool
	// Probe reports why the condition does not hold. It is called again and
	// again, and must end with its context.
	Probe func(context.Context) error
	// Instant says that Probe does not block. Then every request of /readyz calls
	// it.
	Instant bool
	// Fault returns, without blocking, why the sidecar does not use what may well
	// answer; empty if it does use it. /readyz then shows the fault and is
	// degraded. Optional.
	Fault func() string
}
