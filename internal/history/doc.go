// Package history keeps the last hour of the sidecar in memory, for the console: figures, and
// the last logins without their tokens.
package history
