// Package footprint tests what the released program takes before the first request: its
// size, its time to start, and its memory.
package footprint
