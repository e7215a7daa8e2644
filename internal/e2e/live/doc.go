// Package live changes the files of a running sidecar. It checks that a correct change
// takes effect, that a wrong one does not, and that no request is lost.
//
//	go test -v ./internal/e2e/live        # thirty reloads under load
//	go test -v ./internal/e2e/live -full  # a hundred: make load
package live
