//go:build race

package e2e

// RaceDetector says whether the tests and the program have the race detector, which
// takes several times as much memory.
const RaceDetector = true
