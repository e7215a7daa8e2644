//go:build race

package reexec

// BoundsMemory says whether [Limit] bounds memory. It does not with the race detector,
// which takes several times as much.
const BoundsMemory = false
