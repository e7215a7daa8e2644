// Package shutdown stops a sidecar while it serves requests. It checks that requests in
// flight are finished (law G5), and that clients and load balancers learn of the stop
// in time.
package shutdown
