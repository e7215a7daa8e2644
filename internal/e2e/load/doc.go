// Package load has many clients log in at a sidecar as fast as the machine can,
// while backend, JWKS and MongoDB fail in turn.
//
//	go test -v ./internal/e2e/load        # half a minute
//	go test -v ./internal/e2e/load -full  # ten minutes: make load
package load
