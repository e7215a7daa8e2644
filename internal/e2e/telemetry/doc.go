// Package telemetry tests what a sidecar exports of a login: to whom, what, and
// that nothing in it is secret.
package telemetry
