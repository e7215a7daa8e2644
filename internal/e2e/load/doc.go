// Package load tests a sidecar under load: clients log in as fast as the machine
// allows, while the backend, the JWKS and MongoDB fail one after the other.
//
//	go test -v ./internal/e2e/load        # half a minute
//	go test -v ./internal/e2e/load -full  # ten minutes: make load
package load
