// Package telemetry tests what a sidecar exports over OTLP for a login, where it sends
// that, and that it contains no secret.
package telemetry
