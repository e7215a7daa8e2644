// Package shutdown stops a sidecar while it works: what is in flight is finished
// (law G5), and clients and load balancers are told in time.
package shutdown
