// Package guard has a test that fails if the sidecar's process becomes much more
// expensive: the processor time of a request, divided by that of a bare reverse proxy.
package guard
