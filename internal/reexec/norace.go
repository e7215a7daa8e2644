//go:build !race

package reexec

// raceDetector says whether the program has the race detector.
const raceDetector = false
