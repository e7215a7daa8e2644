// Package live changes the files of a sidecar that runs: what changes takes
// effect, what is wrong does not, and no request is lost meanwhile.
//
//	go test -v ./internal/e2e/live        # thirty reloads under load
//	go test -v ./internal/e2e/live -full  # a hundred: make load
package live
